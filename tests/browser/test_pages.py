"""Every page in a real browser, in both languages: nothing in the console, no request to another host."""
import json
from urllib.parse import urlsplit

import pytest

from browser import open_browser, prefer
from harness.tlv import TlvClient
from harness.wait import wait_for

PAGES = ["/", "/devices", "/device/1001", "/lines", "/data", "/connections"]


@pytest.fixture(scope="module")
def driver():
    driver = open_browser()
    yield driver
    driver.quit()


def hosts(driver):
    """Whom the browser asked since the last call."""
    found = set()
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = urlsplit(message["params"]["request"]["url"])
            if url.scheme in ("http", "https", "ws", "wss"):
                found.add(url.netloc)
    return found


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_pages_are_quiet_and_local(collector, web, driver, language):
    with TlvClient(web.config.server["server"]["main_port"], device_id=1001):
        wait_for(lambda: web.get("/api/devices").json(), 10, "the device")
        hosts(driver)
        prefer(driver, web.url, language, "dark")
        for page in PAGES:
            driver.get(web.url + page)
            root = driver.find_element("css selector", "html")
            assert root.get_attribute("lang") == language
            assert root.get_attribute("data-bs-theme") == "dark"
            assert driver.find_element("css selector", "main h1").text
            assert driver.get_log("browser") == []
        assert hosts(driver) == {urlsplit(web.url).netloc}
