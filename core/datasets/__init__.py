"""Pictures with truth → batches: crops of hands, their packs on disk, and what training does to each."""
