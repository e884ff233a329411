#!/usr/bin/python3
"""Screenshots of every page of a running portal: screenshots.py URL FOLDER [DEVICE_ID]

FOLDER/PAGE-WIDTH-THEME-LANGUAGE.png, for 1440 and 390 pixels, light and dark, Chinese and English.
"""
import sys
from pathlib import Path
from urllib.parse import quote

from selenium.webdriver.support.ui import WebDriverWait

from browser import open_browser, prefer, resize

SIZES = {1440: 900, 390: 844}


def settled(driver):
    """Fonts are there and no chart is still loading."""
    return driver.execute_script(
        "return document.readyState === 'complete' && document.fonts.status === 'loaded' &&"
        " [...document.querySelectorAll('[data-chart]')].every("
        "   (c) => c.querySelector('canvas') || c.querySelector('.chart-note').textContent.length > 0)")


def main(url, folder, device="1001"):
    pages = {"dashboard": "/", "devices": "/devices", "device": f"/device/{quote(device, safe='')}",
             "data": "/data", "connections": "/connections", "error": "/nothing"}
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    driver = open_browser()
    try:
        for language in ("zh-CN", "en"):
            for theme in ("light", "dark"):
                prefer(driver, url, language, theme)
                for width, height in SIZES.items():
                    resize(driver, width, height)
                    for name, path in pages.items():
                        driver.get(url + path)
                        WebDriverWait(driver, 10).until(settled)
                        driver.save_screenshot(str(folder / f"{name}-{width}-{theme}-{language}.png"))
    finally:
        driver.quit()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
