"""Owns what every store promises about agents and keys."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from mainspring.model.errors import Conflict
from mainspring.runtime.ports import Store
from mainspring.testing.expectations import equal, refused
from mainspring.testing.samples import agent, key, token


class AgentContract:
    """Agents and their versions."""

    async def test_an_agent_is_found_by_id_and_by_slug(self, store: Store) -> None:
        published = await store.publish(agent(text="nul \0, é, 🚀"))
        equal(published, agent(text="nul \0, é, 🚀"))
        equal(await store.agent("project-1", "agent-1"), published)
        equal(await store.agent("project-1", "support"), published)
        equal(await store.agents("project-1"), [published])
        equal(await store.agent("project-2", "agent-1"), None)
        equal(await store.agents("project-2"), [])
        equal(await store.agent("project-1", "unknown"), None)

    async def test_a_new_version_keeps_the_agent(self, store: Store) -> None:
        first = await store.publish(agent("v1"))
        second = await store.publish(agent("v2", id="agent-9", created_at=7.0, updated_at=8.0))
        equal((second.id, second.created_at, second.updated_at, second.version), ("agent-1", 1.0, 8.0, "v2"))
        equal(await store.agents("project-1"), [second])
        equal(await store.agent_version("project-1", "agent-1", "v1"), first)
        equal(await store.agent_version("project-1", "agent-1", "v2"), second)
        equal(await store.agent_version("project-1", "agent-1", "v3"), None)
        equal(await store.agent_version("project-2", "agent-1", "v1"), None)

    async def test_the_same_version_again_changes_nothing(self, store: Store) -> None:
        first = await store.publish(agent("v1"))
        equal(await store.publish(agent("v1", id="agent-9", updated_at=50.0)), first)
        equal(await store.agents("project-1"), [first])

    async def test_an_older_version_may_come_back(self, store: Store) -> None:
        await store.publish(agent("v1"))
        await store.publish(agent("v2", updated_at=2.0))
        back = await store.publish(agent("v1", updated_at=3.0))
        equal((back.version, back.updated_at), ("v1", 3.0))
        current = await store.agent("project-1", "support")
        equal(current, back)

    async def test_an_archived_agent_frees_its_slug(self, store: Store) -> None:
        first = await store.publish(agent("v1"))
        equal(await store.archive("project-2", "agent-1", 5.0), False)
        equal(await store.archive("project-1", "agent-1", 5.0), True)
        equal(await store.archive("project-1", "agent-1", 6.0), False)
        equal(await store.agent("project-1", "agent-1"), None)
        equal(await store.agents("project-1"), [])
        equal(await store.agent_version("project-1", "agent-1", "v1"), replace(first, archived=True))
        second = await store.publish(agent("v2", id="agent-2", created_at=9.0))
        equal((second.id, second.created_at), ("agent-2", 9.0))
        equal(await store.agent("project-1", "support"), second)

    async def test_an_archived_agent_may_live_again(self, store: Store) -> None:
        await store.publish(agent("v1"))
        await store.archive("project-1", "agent-1", 5.0)
        revived = await store.publish(agent("v1", created_at=9.0, updated_at=9.0))
        equal((revived.id, revived.created_at, revived.archived), ("agent-1", 9.0, False))
        equal(await store.agent("project-1", "support"), revived)

    async def test_an_id_belongs_to_one_agent(self, store: Store) -> None:
        await store.publish(agent("v1"))
        await refused(store.publish(agent("v1", slug="other")), Conflict)
        await refused(store.publish(agent("v1", project_id="project-2")), Conflict)

    async def test_slugs_are_a_projects_own(self, store: Store) -> None:
        await store.publish(agent("v1"))
        await store.publish(agent("v1", id="agent-2", project_id="project-2"))
        await store.publish(agent("v1", id="agent-3", slug="alpha"))
        equal([record.id for record in await store.agents("project-1")], ["agent-3", "agent-1"])
        equal([record.id for record in await store.agents("project-2")], ["agent-2"])

    async def test_an_id_comes_before_a_slug(self, store: Store) -> None:
        await store.publish(agent("v1", id="one", slug="two"))
        await store.publish(agent("v1", id="two", slug="three"))
        found = await store.agent("project-1", "two")
        equal(found and found.id, "two")

    async def test_a_race_to_publish_makes_one_agent(self, store: Store) -> None:
        made = await asyncio.gather(
            *(store.publish(agent(f"v{number}", id=f"agent-{number}")) for number in range(10))
        )
        equal({record.id for record in made}, {"agent-0"})
        equal([record.version for record in await store.agents("project-1")], ["v9"])


class KeyContract:
    """API keys and their tokens."""

    async def test_a_key_is_found_by_its_digest(self, store: Store) -> None:
        record = key(digest=b"\x00\xff" * 16, scopes=("a", "b"), expires_at=9.0, name="né\0e")
        await store.add_key(record)
        equal(await store.key_by_digest(record.digest), record)
        equal(await store.key_by_digest(b"other"), None)

    async def test_keys_are_listed_newest_first(self, store: Store) -> None:
        await store.add_key(key("key-1", created_at=1.0))
        await store.add_key(key("key-2", created_at=2.0))
        await store.add_key(key("key-3", created_at=2.0))
        await store.add_key(key("key-4", project_id="project-2"))
        equal([record.id for record in await store.keys("project-1")], ["key-3", "key-2", "key-1"])
        equal([record.id for record in await store.keys("project-2")], ["key-4"])

    async def test_a_key_is_revoked_once(self, store: Store) -> None:
        await store.add_key(key())
        equal(await store.revoke_key("project-2", "key-1", 5.0), False)
        equal(await store.revoke_key("project-1", "key-1", 5.0), True)
        equal(await store.revoke_key("project-1", "key-1", 6.0), False)
        equal(await store.key_by_digest(key().digest), key(revoked_at=5.0))

    async def test_a_key_is_added_once(self, store: Store) -> None:
        await store.add_key(key())
        await refused(store.add_key(key(digest=b"other")), Conflict)
        await refused(store.add_key(key("key-2", digest=key().digest)), Conflict)

    async def test_a_token_is_found_by_its_digest(self, store: Store) -> None:
        await store.add_key(key())
        whole = token(session_id="session-1", triggers=("a", "né"), tools=("b",))
        await store.add_token(whole, forget=0.0)
        await store.add_token(token("token-2", digest=b"2", triggers=()), forget=0.0)
        equal(await store.token_by_digest(whole.digest), whole)
        equal(await store.token_by_digest(b"2"), token("token-2", digest=b"2", triggers=()))
        equal(await store.token_by_digest(b"other"), None)
        equal(await store.key_by_digest(whole.digest), None)
        equal([record.id for record in await store.keys("project-1")], ["key-1"])

    async def test_a_token_is_revoked_once(self, store: Store) -> None:
        await store.add_key(key())
        await store.add_token(token(), forget=0.0)
        equal(await store.revoke_token("project-2", "token-1", 5.0), False)
        equal(await store.revoke_token("project-1", "token-1", 5.0), True)
        equal(await store.revoke_token("project-1", "token-1", 6.0), False)
        equal(await store.token_by_digest(token().digest), token(revoked_at=5.0))

    async def test_a_token_ends_with_its_key(self, store: Store) -> None:
        await store.add_key(key())
        await store.add_token(token(), forget=0.0)
        await store.revoke_key("project-1", "key-1", 7.0)
        equal(await store.token_by_digest(token().digest), token(revoked_at=7.0))
        equal(await store.revoke_token("project-1", "token-1", 8.0), False)

    async def test_a_token_is_added_once(self, store: Store) -> None:
        await store.add_token(token(), forget=0.0)
        await refused(store.add_token(token(digest=b"other"), forget=0.0), Conflict)
        await refused(store.add_token(token("token-2"), forget=0.0), Conflict)

    async def test_what_has_expired_is_forgotten(self, store: Store) -> None:
        await store.add_token(token("token-1", digest=b"1", expires_at=10.0), forget=0.0)
        await store.add_token(token("token-2", digest=b"2", expires_at=20.0), forget=0.0)
        await store.add_token(token("token-3", digest=b"3", expires_at=30.0), forget=20.0)
        equal(await store.token_by_digest(b"1"), None)
        found = await store.token_by_digest(b"2")
        equal(found and found.id, "token-2")
