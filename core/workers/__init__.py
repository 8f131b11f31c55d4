"""Child processes for work that may crash, hang or take all memory: MediaPipe on pictures, and
graphs of strangers. A request is a command with JSON options and arrays, and so is the reply.

A handler is a module with `handle(command, options, arrays) -> (answer, arrays)`. It calls
`limit_worker_memory` once everything that it always needs is loaded.
"""
