"""`guanxue search`: the same results as the site."""

from __future__ import annotations

import click

from guanxue import search
from guanxue.core.command import fail, in_app, print_json


@click.command("search")
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="最多几条")
@in_app()
def command(query: str, as_json: bool, limit: int) -> None:
    """搜索课程：中文、拼音、首字母、错别字都可以。"""
    if not search.is_ready():
        fail("还没有搜索索引：运行 guanxue reindex。")
    result = search.query(query, kinds=("course",), limit=limit)
    if as_json:
        items = [{"slug": h.id, "title": h.title, "score": h.score, "why": result.explain(h.kind, h.id)} for h in result.hits]
        print_json({"total": result.total, "stage": result.stage, "did_you_mean": result.did_you_mean, "items": items})
        return
    if result.did_you_mean:
        click.echo(f"您要找的是不是：{result.did_you_mean}", err=True)
    for hit in result.hits:
        click.echo(f"{hit.id}\t{hit.title}")


COMMANDS = [command]
