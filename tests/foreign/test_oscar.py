"""A shop whose tables nobody here wrote: drafted, finished by hand, answered and erased on every database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from exports import api
from exports.datasets import read_dataset
from exports.drafting import draft
from exports.flows.checking import check_sources
from exports.models import DataSource
from tests.engine.erasing import Store, a_store, approve_and_run
from tests.engine.products import EACH, MAKERS, Product
from tests.engine.shop import counts, records
from tests.foreign.building import HERE, Rows, build
from tests.people import RITA

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
OSKAR, PETRA = "oskar@example.org", "petra@example.org"


def a_user(number: int, email: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "email": email, "username": name.lower(), "first_name": name, "password": "argon2$x", **more}


def an_address(number: int, name: str) -> dict[str, Any]:
    return {"id": number, "first_name": name, "line1": "1 Test Street", "phone_number": "+49 30 1", "country_id": "DE"}


def an_order(number: int, user: int | None, **more: Any) -> dict[str, Any]:
    addresses = {"shipping_address_id": number, "billing_address_id": number}
    return {"id": number, "number": f"N{number}", "user_id": user, "site_id": 1, "total_incl_tax": 12, **addresses, **more}


ROWS: Rows = {
    "django_site": [{"id": 1, "domain": "shop.example", "name": "Shop"}],
    "django_content_type": [{"id": 1, "app_label": "order", "model": "order"}],
    "address_country": [{"iso_3166_1_a2": "DE", "name": "Germany", "printable_name": "Germany"}],
    "auth_group": [{"id": 1, "name": "buyers"}],
    "auth_user": [a_user(1, RITA, "Rita"), a_user(2, OSKAR, "Oskar"), a_user(3, PETRA, "Petra", is_staff=1)],
    "auth_user_groups": [{"id": 1, "user_id": 1, "group_id": 1}, {"id": 2, "user_id": 2, "group_id": 1}],
    "address_useraddress": [{**an_address(n, "A"), "user_id": 1 + n % 2, "hash": str(n)} for n in range(4)],
    "partner_partner": [{"id": 1, "code": "p", "name": "Supplies"}],
    "catalogue_productclass": [{"id": 1, "name": "Books", "slug": "books"}],
    "catalogue_product": [{"id": 1, "title": "A book", "structure": "standalone", "product_class_id": 1}],
    "partner_stockrecord": [{"id": 1, "partner_id": 1, "product_id": 1, "partner_sku": "x"}],
    "basket_basket": [{"id": n, "owner_id": n} for n in (1, 2)],
    "basket_line": [{"id": n, "basket_id": n, "product_id": 1, "stockrecord_id": 1} for n in (1, 2)],
    "order_shippingaddress": [an_address(n, "Rita") for n in (1, 2, 3)],
    "order_billingaddress": [{k: v for k, v in an_address(n, "Rita").items() if k != "phone_number"} for n in (1, 2, 3)],
    "order_order": [an_order(1, 1, basket_id=1), an_order(2, 2, basket_id=2), an_order(3, None, guest_email=RITA)],
    "order_line": [{"id": n, "order_id": n, "product_id": 1, "partner_id": 1, "stockrecord_id": 1, "title": "A book"} for n in (1, 2, 3)],
    "order_lineprice": [{"id": n, "order_id": n, "line_id": n} for n in (1, 2, 3)],
    "order_ordernote": [{"id": n, "order_id": n, "user_id": 3, "message": f"ask {OSKAR} first"} for n in (1, 2)],
    "payment_sourcetype": [{"id": 1, "name": "Card", "code": "card"}],
    "payment_source": [{"id": n, "order_id": n, "source_type_id": 1} for n in (1, 2)],
    "payment_transaction": [{"id": n, "source_id": n} for n in (1, 2)],
    "payment_bankcard": [{"id": n, "user_id": n, "number": "4111111111111111", "name": "R"} for n in (1, 2)],
    "reviews_productreview": [
        {"id": 1, "product_id": 1, "user_id": 1, "body": "Good", "name": "Rita", "email": RITA},
        {"id": 2, "product_id": 1, "user_id": 2, "body": "Bad", "name": "Oskar", "email": OSKAR},
    ],
    "reviews_vote": [{"id": 1, "review_id": 2, "user_id": 1}],
    "wishlists_wishlist": [{"id": n, "owner_id": n, "key": str(n), "name": "Wishes"} for n in (1, 2)],
    "wishlists_wishlistsharedemail": [
        {"id": 1, "wishlist_id": 1, "email": OSKAR},
        {"id": 2, "wishlist_id": 2, "email": RITA},
    ],
    "communication_notification": [
        {"id": 1, "recipient_id": 1, "sender_id": 2, "subject": "Hello"},
        {"id": 2, "recipient_id": 2, "subject": "x"},
    ],
    "django_admin_log": [{"id": 1, "user_id": 3, "content_type_id": 1, "object_repr": "Order 1"}],
    "analytics_usersearch": [{"id": n, "user_id": 1 + n % 2, "query": "books"} for n in range(6)],
}
RITAS = {
    "address_useraddress": 2,
    "analytics_usersearch": 3,
    "auth_user": 1,
    "auth_user_groups": 1,
    "basket_basket": 1,
    "basket_line": 1,
    "communication_notification": 1,
    "order_billingaddress": 2,
    "order_line": 2,
    "order_lineprice": 2,
    "order_order": 2,
    "order_ordernote": 1,
    "order_shippingaddress": 2,
    "payment_bankcard": 1,
    "payment_source": 1,
    "payment_transaction": 1,
    "reviews_productreview": 1,
    "reviews_vote": 1,
    "wishlists_wishlist": 1,
    "wishlists_wishlistsharedemail": 2,
}


@pytest.fixture(params=EACH)
def product(request: pytest.FixtureRequest) -> Iterator[Product]:
    with MAKERS[request.param](request) as made:
        build(made.url(), "oscar", ROWS)
        yield made


def store_of(product: Product, folder: Path) -> Store:
    store = a_store(folder)
    source = DataSource(organisation=store.organisation, key="shop", title="Shop", position=0)
    source.url = product.url()
    source.datasets = yaml.safe_load((HERE / "oscar.yml").read_text())["dataset"]
    source.save()
    return store


def collected(store: Store, email: str) -> Any:
    job_id = api.start_access(api.Search(store.organisation, store.organisation.current_policy, {"email": email}, "s" * 32, "DR-TEST-01"))
    api.run(job_id)
    return job_id


def is_drafted(product: Product) -> None:
    made = draft(product.url(), key="shop")
    (dataset,) = read_dataset(made.text).datasets
    (finished,) = read_dataset(HERE / "oscar.yml").datasets
    assert dict(made.roles) == {"person": 1, "named": 5, "owned": 33, "used": 2, "apart": 3, "lookup": 49}
    assert set(made.unreached) == {"django_session", "offer_rangeproductfileupload", "partner_partneraddress"}
    drafted = {c.name: c for c in dataset.collections if not c.skipped}
    kept = [c for c in finished.collections if not c.skipped]
    assert {c.name for c in kept} <= set(drafted)
    same = [c.name for c in kept if [f.references for f in drafted[c.name].fields] == [f.references for f in c.fields]]
    assert len(kept) - len(same) == 2  # what a human had to change in the references of 42 tables


def is_answered(store: Store) -> None:
    report = check_sources(store.organisation)
    assert (report["ok"], report["to_decide"]) == (True, [])
    job_id = collected(store, RITA)
    progress = api.progress(job_id)
    assert (progress.failed, progress.gaps) == (False, ())
    assert {name: one[0] for name, one in counts(job_id).items() if one[0]} == RITAS
    everything = repr([records(job_id, f"shop.{name}") for name in RITAS if counts(job_id)[name][1]])
    assert OSKAR not in everything
    assert "4111111111111111" not in everything
    assert "argon2" not in everything
    (note,) = records(job_id, "shop.order_ordernote")
    assert (note["user_id"], note["message"]) == ("(a member of staff)", "ask (another person) first")


def is_erased(product: Product, store: Store) -> None:
    tables = [name for name in RITAS if name != "auth_user"]
    others = {name: product.ask(f"SELECT * FROM {name} ORDER BY 1") for name in tables}
    before = counts(collected(store, OSKAR))
    job_id = store.start(email=RITA)
    plan = api.plan(job_id)
    assert (plan.blocked, plan.gaps) == ((), ())
    receipt = approve_and_run(job_id)
    assert receipt["outcome"] == "complete", receipt
    gone = {"wishlists_wishlistsharedemail": (0, 0, 0, 0)}  # an invitation to her list
    assert counts(collected(store, OSKAR)) == {**before, **gone}  # with the message that he sent her: it is his too
    assert not product.ask("SELECT * FROM payment_bankcard WHERE user_id = 1")
    assert len(product.ask("SELECT * FROM order_order")) == 3  # seven years
    assert len(product.ask("SELECT * FROM order_line")) == 3
    (rita,) = product.ask("SELECT username, first_name, email, is_staff FROM auth_user WHERE id = 1")
    assert not {RITA, "rita", "Rita"} & set(rita)  # orders point at the row, so it stays without her
    assert others["reviews_productreview"][1] in product.ask("SELECT * FROM reviews_productreview ORDER BY 1")
    assert not product.ask("SELECT * FROM address_useraddress WHERE user_id = 1")


def test_a_shop_that_nobody_here_wrote_is_drafted_answered_and_erased_while_its_books_are_kept(product: Product, tmp_path: Path) -> None:
    is_drafted(product)
    store = store_of(product, tmp_path)
    is_answered(store)
    is_erased(product, store)
