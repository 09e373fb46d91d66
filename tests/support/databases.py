"""On which databases a topic is proved."""


def offer(parser):
    """Lets whoever runs it choose; both, if nothing is said."""
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")


def databases(wanted):
    """Those that were chosen."""
    return ["sqlite", "postgres"] if wanted.database == "both" else [wanted.database]
