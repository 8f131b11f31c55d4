"""Pictures with annotations → batches: crops of hands, their packs, what training does to each."""
