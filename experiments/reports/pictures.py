"""Makes the pictures beside it: parts of pages, as Debian's chromium shows them.

python3 experiments/reports/pictures.py [build/wattgrind]; wants chromium, chromium-driver,
python3-selenium and python3-pil.
"""

import base64
import io
import os
import shutil
import subprocess
import sys
import tempfile

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# The picture's name, the command that writes the page, what of it is shown, and how much.
PICTURES = [
    ("estimate", ["estimate", "lenet5", "--machine", "zen3"], "body", (0, 0, 1000, 1560)),
    ("graph", ["estimate", "googlenet", "--machine", "zen3"], "section:nth-of-type(1)",
     (0, 0, 1200, 960)),
    ("study", ["search", "dffr_digits.json"], "body", (0, 0, 1000, 2420)),
]


def photograph(browser, page, selector, box):
    browser.get("file://" + page)
    element = browser.find_element("css selector", selector)
    place = browser.execute_script(
        "const r = arguments[0].getBoundingClientRect(); return [r.x + scrollX, r.y + scrollY]",
        element)
    left, top, right, bottom = box
    shot = browser.execute_cdp_cmd("Page.captureScreenshot", {
        "captureBeyondViewport": True,
        "clip": {"x": place[0] + left, "y": place[1] + top, "width": right - left,
                 "height": bottom - top, "scale": 1}})
    return Image.open(io.BytesIO(base64.b64decode(shot["data"])))


def main():
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ROOT + "/build/wattgrind")
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT + "/configs/searches/dffr_digits.json", folder)
        for name, command, selector, box in PICTURES:
            page = os.path.join(folder, name + ".html")
            subprocess.run([program, *command, "--quiet", "--report", name + ".html"], cwd=folder,
                           check=True,
                           stdout=subprocess.DEVNULL)
            browser.set_window_size(box[2] - box[0], 900)
            picture = photograph(browser, page, selector, box)
            picture.convert("RGB").quantize(128).save(os.path.join(HERE, name + ".png"),
                                                     optimize=True)
    browser.quit()


main()
