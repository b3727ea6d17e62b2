"""Owns the suite that every `Store` passes: the meaning of the port, as tests.

For pytest with pytest-asyncio; give a subclass a fixture `store` that yields a store, open and empty:

```python
class TestMyStore(StoreContract):
    @pytest.fixture
    async def store(self):
        store = MyStore()
        await store.open()
        yield store
        await store.close()
```
"""

from __future__ import annotations

from mainspring.testing.contracts.agents import AgentContract, KeyContract
from mainspring.testing.contracts.journal import AppendContract, ReadContract
from mainspring.testing.contracts.prune import PruneContract
from mainspring.testing.contracts.sessions import LifeContract, SessionContract


class StoreContract(
    AppendContract, ReadContract, SessionContract, LifeContract, PruneContract, AgentContract, KeyContract
):
    """Every promise of `EventLog`, `AgentStore`, `KeyStore` and `Store`."""
