"""Opens a page in Debian's chromium and looks at it as a reader would.

python3 browser.py PAGE.html: prints what is wrong, a line each, and ends with status 1 if anything
is; with status 77, and the reason, where chromium, its driver or selenium is absent.
"""

import os
import sys

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    print("python3-selenium is not installed")
    sys.exit(77)
for program in (CHROMIUM, DRIVER):
    if not os.path.exists(program):
        print(f"{program} is not installed (chromium, chromium-driver)")
        sys.exit(77)

problems = []


def want(holds, what):
    if not holds:
        problems.append(what)


def open_browser(with_script=True):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if not with_script:
        options.add_experimental_option(
            "prefs", {"profile.managed_default_content_settings.javascript": 2})
    return webdriver.Chrome(options=options, service=Service(DRIVER))


def requests_of(browser):
    import json
    addresses = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            addresses.append(message["params"]["request"]["url"])
    return addresses


# Texts and what lies behind them, as WCAG 2.1 has it: 4.5 to 1, and 3 to 1 where they are large.
CONTRAST = """
const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
const luminance = (c) => {
  const part = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  return 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
};
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const c = parse(getComputedStyle(at).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c;
  }
  return [255, 255, 255];
};
const worst = [];
const judge = (ink, behind, size, bold, what) => {
  const a = luminance(ink), b = luminance(behind);
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const least = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
  if (contrast < least) worst.push(`${what}: ${contrast.toFixed(2)}`);
};
for (const element of document.querySelectorAll("body *:not(svg):not(svg *)")) {
  const has = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!has || element.tagName === "SCRIPT") continue;
  const style = getComputedStyle(element);
  judge(parse(style.color), ground(element), parseFloat(style.fontSize),
        Number(style.fontWeight) >= 600, element.textContent.trim().slice(0, 30));
}
for (const text of document.querySelectorAll("svg text")) {
  const box = text.parentElement.querySelector(":scope > rect.box");
  const paper = text.ownerSVGElement.querySelector(".paper");
  judge(parse(getComputedStyle(text).fill), parse(getComputedStyle(box || paper).fill), 12, false,
        "drawn " + text.textContent.slice(0, 30));
}
return worst;
"""


def look(browser, page):
    browser.set_window_size(1200, 900)
    browser.get(page)
    want(browser.title, "the page has no title")
    for entry in browser.get_log("browser"):
        problems.append("console: " + entry["message"])
    # file: is the page itself; data: and chrome's own are no host.
    for address in requests_of(browser):
        want(address.startswith(("file:", "data:", "chrome:")), "asked for " + address)
    want(browser.execute_script("return getComputedStyle(document.body).maxWidth") != "none",
         "the content policy keeps the page's own style out")
    for theme in ("light", "dark"):
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": theme}]})
        for found in browser.execute_script(CONTRAST)[:5]:
            problems.append(f"contrast, {theme}: {found}")


def texts_are_within_their_drawings(browser):
    cut = browser.execute_script("""
      const cut = [];
      for (const svg of document.querySelectorAll("svg.chart")) {
        const frame = svg.getBoundingClientRect();
        if (frame.width === 0) continue;
        for (const text of svg.querySelectorAll("text")) {
          const box = text.getBoundingClientRect();
          if (box.width === 0) continue;
          if (box.left < frame.left - 1 || box.right > frame.right + 1 ||
              box.top < frame.top - 1 || box.bottom > frame.bottom + 1) {
            cut.push(text.textContent);
          }
        }
      }
      return cut;""")
    for text in cut[:5]:
        problems.append(f"cut off: {text}")


def focus(browser, element):
    browser.execute_script("arguments[0].focus()", element)


def sort_by_keyboard(browser):
    # What readers have not opened yet cannot be reached by the keyboard either.
    tables = [t for t in browser.find_elements(By.CSS_SELECTOR, "table")
              if t.is_displayed() and not t.find_elements(By.XPATH, "ancestor::details[not(@open)]")]
    for table in tables[:1]:
        headers = table.find_elements(By.CSS_SELECTOR, "thead th")
        numeric = [i for i, h in enumerate(headers) if "n" in (h.get_attribute("class") or "")]
        if not numeric:
            continue
        column = numeric[-1]
        focus(browser, headers[column].find_element(By.TAG_NAME, "button"))
        for key, descending in ((Keys.ENTER, True), (Keys.SPACE, False)):
            browser.switch_to.active_element.send_keys(key)
            values = browser.execute_script("""
              return [...arguments[0].tBodies[0].rows].map((row) => {
                const data = row.cells[arguments[1]].querySelector("data");
                return data ? Number(data.value)
                            : Number(row.cells[arguments[1]].textContent.replaceAll(",", ""));
              }).filter((value) => !Number.isNaN(value));""", table, column)
            want(values == sorted(values, reverse=descending),
                 f"sorting by the keyboard, descending {descending}: {values[:6]}")
            want(headers[column].get_attribute("aria-sort") ==
                 ("descending" if descending else "ascending"), "aria-sort is not set")


def shown_measures(browser):
    return browser.execute_script("""
      return [...document.querySelectorAll("main div")].filter(
          (d) => /^m[0-9]$/.test(d.className) && getComputedStyle(d).display !== "none").map(
          (d) => d.className);""")


def switch_by_keyboard(browser):
    radios = browser.find_elements(By.CSS_SELECTOR, "input.measure")
    if not radios:
        return
    want(shown_measures(browser) == ["m0"], "the first measure is not shown at the start")
    focus(browser, radios[0])
    for i in range(1, len(radios)):
        browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
        want(shown_measures(browser) == [f"m{i}"], f"measure {i} is not shown when chosen")


def zoom_by_keyboard(browser):
    bars = browser.find_elements(By.CSS_SELECTOR, ".zoom")
    if not bars:
        return
    svg = browser.find_element(By.CSS_SELECTOR, "figure svg")
    before = float(svg.get_attribute("width"))
    focus(browser, bars[0].find_elements(By.TAG_NAME, "button")[1])
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    want(float(svg.get_attribute("width")) > before, "the drawing does not become larger")


def look_at_a_telephone(browser, page):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": 375, "height": 800, "deviceScaleFactor": 2, "mobile": True})
    browser.get(page)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    want(width <= 375, f"on 375 pixels the page is {width} wide")


def look_without_script(page):
    browser = open_browser(with_script=False)
    try:
        browser.get(page)
        want(not browser.find_elements(By.CSS_SELECTOR, "th button"), "scripts run nevertheless")
        want(browser.find_elements(By.CSS_SELECTOR, "svg.chart"), "no drawing without scripts")
        want(browser.find_elements(By.CSS_SELECTOR, "tbody tr"), "no table without scripts")
        switch_by_keyboard_without_script(browser)
    finally:
        browser.quit()


def switch_by_keyboard_without_script(browser):
    radios = browser.find_elements(By.CSS_SELECTOR, "input.measure")
    if len(radios) < 2:
        return
    radios[0].send_keys(Keys.ARROW_RIGHT)
    second = browser.find_elements(By.CSS_SELECTOR, "main div.m1")
    want(all(d.is_displayed() for d in second), "without scripts measures do not switch")


def main():
    page = "file://" + os.path.abspath(sys.argv[1])
    browser = open_browser()
    try:
        look(browser, page)
        texts_are_within_their_drawings(browser)
        sort_by_keyboard(browser)
        switch_by_keyboard(browser)
        zoom_by_keyboard(browser)
        look_at_a_telephone(browser, page)
    finally:
        browser.quit()
    look_without_script(page)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


sys.exit(main())
