"""`guanxue search`: the same results as the site."""

from __future__ import annotations

import click

from guanxue import search
from guanxue.core.command import in_app, print_json


@click.command("search")
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@click.option("--limit", type=int, default=20, show_default=True)
@in_app()
def command(query: str, as_json: bool, limit: int) -> None:
    """搜索课程：中文、拼音、首字母、错别字都可以。"""
    result = search.query(query, kinds=("course",))
    hits = result.hits[:limit]
    if as_json:
        print_json({"total": result.total, "items": [{"slug": h.id, "title": h.title, "score": h.score} for h in hits]})
        return
    for hit in hits:
        click.echo(f"{hit.id}\t{hit.title}")


COMMANDS = [command]
