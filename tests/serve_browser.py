#!/usr/bin/env python3
"""serve_browser.py PROGRAM: the page of `wattgrind serve` in Debian's Chromium, as people use it.

Wants chromium, chromium-driver and python3-selenium (Debian's python3, for its selenium).
Exit: 0 all of it holds, 1 something does not, 77 there is no such browser here.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlsplit

try:
    from selenium import webdriver
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select
except ImportError:
    sys.exit(77)

def browser(width, scripts=True):
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={width},900",
                 "--disable-background-networking", "--disable-component-update"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    driver = webdriver.Chrome(options=options)
    # A headless window is no narrower than 500 pixels by itself.
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    return driver


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def wait_for(driver, what, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        found = driver.find_elements(By.CSS_SELECTOR, what)
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} never came: {driver.current_url}\n{driver.page_source[:2000]}")


def check_logs(driver, host):
    wrong = [entry["message"] for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    check(not wrong, f"the console says {wrong}")
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] != "Network.requestWillBeSent":
            continue
        url = urlsplit(message["params"]["request"]["url"])
        check(url.scheme in ("data", "chrome", "about") or url.netloc == host, f"asked for {url.geturl()}")


def choose(driver, number, network, machine):
    Select(driver.find_element(By.NAME, f"network{number}")).select_by_visible_text(network)
    Select(driver.find_element(By.NAME, f"machine{number}")).select_by_visible_text(machine)


def column(driver, table, index):
    tables = driver.find_elements(By.CSS_SELECTOR, "table.sortable")
    return [row.find_elements(By.XPATH, "./*")[index].text
            for row in tables[table].find_elements(By.CSS_SELECTOR, "tbody tr")]


def compare_and_sort(url, host):
    driver = browser(1200)
    try:
        driver.get(url)
        choose(driver, 1, "lenet5", "zen3")
        choose(driver, 2, "lenet5", "skylake_i7_6700")
        driver.find_element(By.XPATH, "//button[text()='Estimate']").click()
        wait_for(driver, "table.sortable button")
        end = time.time() + 60
        while driver.find_elements(By.CSS_SELECTOR, "main[data-live]") and time.time() < end:
            time.sleep(0.1)
        driver.switch_to.frame(driver.find_element(By.TAG_NAME, "iframe"))
        check("lenet5 on zen3" in driver.find_element(By.TAG_NAME, "body").text, "no report in its frame")
        driver.switch_to.default_content()
        before = [float(text) for text in column(driver, 1, 3)]
        button = driver.find_elements(By.CSS_SELECTOR, "table.sortable")[1].find_elements(By.TAG_NAME, "button")[3]
        button.click()
        check([float(text) for text in column(driver, 1, 3)] == sorted(before), "a click sorts")
        button.send_keys(Keys.ENTER)
        check([float(text) for text in column(driver, 1, 3)] == sorted(before, reverse=True), "the keyboard sorts")
        check_logs(driver, host)
    finally:
        driver.quit()


def keyboard_alone(url, host):
    driver = browser(1200)
    try:
        driver.get(url)
        reached = set()
        for _ in range(80):
            ActionChains(driver).send_keys(Keys.TAB).perform()
            active = driver.switch_to.active_element
            reached.add(active.get_attribute("name") or active.text)
            if active.tag_name == "select" and active.get_attribute("name") == "network1":
                ActionChains(driver).send_keys("lenet5").perform()
            if active.tag_name == "button":
                ActionChains(driver).send_keys(Keys.ENTER).perform()
                break
        check({"network1", "short1", "file1", "text1", "machine1", "batch1"} <= reached, f"Tab reached {reached}")
        wait_for(driver, "h2")
        check("lenet5" in driver.find_element(By.TAG_NAME, "h2").text, driver.page_source)
        check_logs(driver, host)
    finally:
        driver.quit()


def narrow(url, host):
    driver = browser(375)
    try:
        driver.get(url)
        wide = driver.execute_script("return document.documentElement.scrollWidth")
        check(wide <= 375, f"the form is {wide} wide")
        driver.find_element(By.CSS_SELECTOR, "ul a").click()
        wait_for(driver, "table.sortable button")
        wide = driver.execute_script("return document.documentElement.scrollWidth")
        check(wide <= 375, f"results are {wide} wide")
        check_logs(driver, host)
    finally:
        driver.quit()


CONTRAST = """
const light = (text) => {
  const [r, g, b] = text.match(/[0-9.]+/g).slice(0, 3).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (!color.endsWith(", 0)") && color !== "transparent") return color;
  }
  return "rgb(255, 255, 255)";
};
return Math.min(...[...document.querySelectorAll("body *")]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => [light(getComputedStyle(e).color), light(ground(e))].sort((a, b) => b - a))
    .map(([high, low]) => (high + 0.05) / (low + 0.05)));
"""


def contrast(url):
    driver = browser(1200)
    try:
        for scheme in ("light", "dark"):
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                   {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            for place in (url, url + "nothing"):
                driver.get(place)
                least = driver.execute_script(CONTRAST)
                check(least >= 4.5, f"{place}, {scheme}: contrast {least:.2f}, wanted 4.5 (WCAG AA)")
    finally:
        driver.quit()


def without_scripts(url):
    driver = browser(1200, scripts=False)
    try:
        driver.get(url)
        choose(driver, 1, "resnet8", "zen2")
        driver.find_element(By.XPATH, "//button[text()='Estimate']").click()
        wait_for(driver, "table.sortable")
        check(not driver.find_elements(By.CSS_SELECTOR, "table.sortable button"), "a script ran")
    finally:
        driver.quit()


def follows_a_study(program, folder, url, host):
    study = os.path.join(folder, "live.study")
    search = subprocess.Popen([program, "search", "dffr_digits", "--trials", "12", "--study", study, "--quiet"],
                              stdout=subprocess.DEVNULL, cwd=folder)
    driver = browser(1200)
    try:
        end = time.time() + 60
        while not driver.find_elements(By.LINK_TEXT, "live.study") and time.time() < end:
            time.sleep(0.3)
            driver.get(url)
        driver.find_element(By.LINK_TEXT, "live.study").click()
        wait_for(driver, "table.sortable tbody tr")
        end = time.time() + 120
        while len(driver.find_elements(By.CSS_SELECTOR, "table.sortable tbody tr")) < 12 and time.time() < end:
            time.sleep(0.3)
        shown = len(driver.find_elements(By.CSS_SELECTOR, "table.sortable tbody tr"))
        check(shown == 12, f"the page did not follow the search: {shown} trials")
        check_logs(driver, host)
    finally:
        driver.quit()
        search.wait()


def main(program):
    if not shutil.which("chromedriver"):
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([program, "serve", "--port", "0", "--studies", folder],
                                  stdout=subprocess.PIPE, text=True)
        try:
            url = server.stdout.readline().strip()
            host = urlsplit(url).netloc
            for name, step in (("comparing and sorting", lambda: compare_and_sort(url, host)),
                               ("the keyboard alone", lambda: keyboard_alone(url, host)),
                               ("375 pixels", lambda: narrow(url, host)),
                               ("contrast", lambda: contrast(url)),
                               ("no JavaScript", lambda: without_scripts(url)),
                               ("a study that runs", lambda: follows_a_study(program, folder, url, host))):
                step()
                print(f"{name}: holds")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
