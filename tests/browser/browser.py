"""A headless Chromium that may talk to nobody but the portal under test."""
import os

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = ["--headless=new", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--no-first-run", "--disable-gpu", "--hide-scrollbars", "--no-proxy-server",
         "--disable-dev-shm-usage", "--force-device-scale-factor=1"]


def open_browser(width=1440, height=900):
    """A Chromium with its console and its network recorded. Narrow widths are emulated: a window has a least width."""
    options = webdriver.ChromeOptions()
    for flag in FLAGS + (["--no-sandbox"] if os.geteuid() == 0 else []):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    resize(driver, width, height)
    return driver


def resize(driver, width, height):
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})


def prefer(driver, url, language, theme):
    """Choose language and theme as a person does: by the menus' links."""
    driver.get(f"{url}/?lang={language}&theme={theme}")
