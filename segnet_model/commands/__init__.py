"""The subcommands of `segnet`, one module each with `add_arguments` and `run`."""
