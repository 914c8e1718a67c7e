"""CloudStack's commands for what providers consist of, and for how much of a zone is left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from netloom.app.cloud import infrastructure, infrastructure_elements
from netloom.app.cloud.infrastructure_capacity import capacities
from netloom.app.cloud.infrastructure_elements import (
    BALANCERS,
    ROUTERS,
    SWITCHES,
    AddElement,
    ConfigureElement,
    element_id,
    elements,
    is_installed,
)
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View
from netloom.base.errors import NotFound
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, Rows, See
from netloom.faces.cloudstack.views.infrastructure_elements import capacity_rows, element_rows
from netloom.model.cloud.infrastructure import Cluster, NetworkServiceProvider, Pod


async def list_virtual_router_elements(call: Call) -> Rows:
    """Lists the elements of providers that are routers."""
    return await _list(call, ROUTERS)


async def list_ovs_elements(call: Call) -> Rows:
    """Lists the elements of Open vSwitch as a provider."""
    return await _list(call, SWITCHES)


async def list_internal_load_balancer_elements(call: Call) -> Rows:
    """Lists the elements of internal balancers."""
    return await _list(call, BALANCERS)


async def _list(call: Call, names: frozenset[str]) -> Rows:
    wanted, provider_id, enabled = call.uuid("id"), call.uuid("nspid"), call.flag("enabled")

    def read(view: View) -> Rows:
        every = elements(view, names)
        if wanted is not None and wanted not in {element_id(each) for each in every}:
            raise NotFound(f"there is no element {wanted!r}", code="element-not-found", subject="id")
        found = [
            each
            for each in every
            if wanted in {None, element_id(each)}
            and provider_id in {None, each.id}
            and enabled in {None, is_installed(view, each)}
        ]
        return call.shown(found, lambda page: element_rows(page, See(view)))

    return await call.read(read)


def _configure(
    use_case: UseCase[ConfigureElement, NetworkServiceProvider],
) -> Callable[[Call], Awaitable[object]]:
    async def configure(call: Call) -> object:
        """Switches an element on; it is on when it is installed."""
        wish = ConfigureElement(id=call.need_uuid("id"), enabled=call.flag("enabled", default=False))
        return await call.do(use_case, wish)

    return configure


async def create_virtual_router_element(call: Call) -> object:
    """Has a router's provider consist of its element, which is there when it is installed."""
    return await call.do(infrastructure_elements.ADD_ROUTER, AddElement(provider_id=call.need_uuid("nspid")))


async def list_capacity(call: Call) -> Rows:
    """Lists how many addresses and segments zones have, and how many are taken."""
    zone_id, kind = call.uuid("zoneid"), call.integer("type")
    pod_id, cluster_id = call.uuid("podid"), call.uuid("clusterid")

    def read(view: View) -> Rows:
        zones = infrastructure.zones(view) if zone_id is None else [infrastructure.zone(view, zone_id)]
        if pod_id is not None:
            view.get(Pod, pod_id, "podid")
        if cluster_id is not None:
            view.get(Cluster, cluster_id, "clusterid")
        if pod_id is not None or cluster_id is not None:
            zones = []  # what is counted is whole zones'
        found = [each for each in capacities(view, zones) if kind in {None, each.kind.value}]
        if (call.text("sortby") or "").lower() == "usage":
            found.sort(key=lambda each: each.percent, reverse=True)
        return call.shown(found, capacity_rows)

    return await call.read(read)


COMMANDS: tuple[Command, ...] = (
    Command("listVirtualRouterElements", list_virtual_router_elements, Listing("virtualrouterelement")),
    Command(
        "createVirtualRouterElement",
        create_virtual_router_element,
        JobAnswer(
            infrastructure_elements.ADD_ROUTER,
            "virtualrouterelement",
            element_rows,
            made=True,
            named=element_id,
        ),
    ),
    Command(
        "configureVirtualRouterElement",
        _configure(infrastructure_elements.CONFIGURE_ROUTER),
        JobAnswer(infrastructure_elements.CONFIGURE_ROUTER, "virtualrouterelement", element_rows),
    ),
    Command("listOvsElements", list_ovs_elements, Listing("ovselement")),
    Command(
        "configureOvsElement",
        _configure(infrastructure_elements.CONFIGURE_SWITCH),
        JobAnswer(infrastructure_elements.CONFIGURE_SWITCH, "ovselement", element_rows),
    ),
    Command(
        "listInternalLoadBalancerElements",
        list_internal_load_balancer_elements,
        Listing("internalloadbalancerelement"),
    ),
    Command(
        "configureInternalLoadBalancerElement",
        _configure(infrastructure_elements.CONFIGURE_BALANCER),
        JobAnswer(infrastructure_elements.CONFIGURE_BALANCER, "internalloadbalancerelement", element_rows),
    ),
    Command("listCapacity", list_capacity, Listing("capacity")),
)
