"""Tags on what belongs to no account itself: projects and templates."""

from __future__ import annotations

from tests.faces.cloudstack.replay.client import Client

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.model.cloud.instances import Template

TAG = {"tags[0].key": "team", "tags[0].value": "web"}


async def _user(admin: Client, name: str) -> Client:
    made = await admin.result(
        "createAccount", username=name, password="long enough", email="a@example.org", firstname="A", lastname="L",
        accounttype="0",
    )  # fmt: skip
    pair = (await admin.result("registerUserKeys", id=made["account"]["user"][0]["id"]))["userkeys"]
    return admin.signing(pair["apikey"], pair["secretkey"])


async def test_a_project_is_tagged_by_who_acts_for_it(admin: Client) -> None:
    alice, bob = await _user(admin, "alice"), await _user(admin, "bob")
    project = (await alice.result("createProject", name="shop", displaytext="shop"))["project"]["id"]
    await alice.result("createTags", resourceids=project, resourcetype="Project", **TAG)
    other = (await alice.result("createProject", name="other", displaytext="other"))["project"]["id"]
    listed = (await alice.result("listProjects", **TAG))["project"]
    assert [(each["id"], each["tags"][0]["value"]) for each in listed] == [(project, "web")]
    assert other not in str(listed)
    tags = (await admin.result("listTags", resourcetype="Project", projectid="-1", listall="true"))["tag"]
    assert [(each["resourceid"], each["project"]) for each in tags] == [(project, "shop")]
    status, body = await bob.call("createTags", resourceids=project, resourcetype="Project", **TAG)
    assert (status, body["createtagsresponse"]["cserrorcode"]) == (431, 9999)
    await alice.result("deleteTags", resourceids=project, resourcetype="Project")
    assert await alice.result("listProjects", **TAG) == {}
    await alice.result("createTags", resourceids=project, resourcetype="Project", **TAG)
    await alice.result("deleteProject", id=project)
    assert await admin.result("listTags", listall="true", projectid="-1") == {}


async def test_a_template_is_tagged_by_operators(cloud: Cloud, admin: Client) -> None:
    def put(work: Work) -> Template:
        return work.insert(
            Template(
                **work.birth(),
                name="tiny",
                display_text="tiny",
                hypervisor="test",
                image="tiny",
                os_type="Other",
                registered=True,
            )
        )

    template = (await cloud.write_as(system_caller(), "test", put)).id
    alice = await _user(admin, "alice")
    status, _ = await alice.call("createTags", resourceids=template, resourcetype="Template", **TAG)
    assert status == 531
    await admin.result("createTags", resourceids=template, resourcetype="Template", **TAG)
    listed = (await alice.result("listTemplates", templatefilter="executable", **TAG))["template"]
    assert [(each["id"], each["tags"][0]["key"]) for each in listed] == [(template, "team")]
    await admin.result("deleteTemplate", id=template)
    assert await admin.result("listTags", listall="true") == {}
