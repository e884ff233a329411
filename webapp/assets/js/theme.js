// Runs before the first paint: "auto" follows the system, so a dark page never flashes white.
(() => {
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    if (root.dataset.theme === 'auto') {
      root.dataset.bsTheme = dark.matches ? 'dark' : 'light';
      document.dispatchEvent(new Event('themechange'));
    }
  };
  apply();
  dark.addEventListener('change', apply);

  // The server counts "today" by the viewer's clock.
  const zone = String(-new Date().getTimezoneOffset());
  if (!document.cookie.split('; ').includes(`tz=${zone}`)) {
    document.cookie = `tz=${zone}; Path=/; Max-Age=31536000; SameSite=Lax`;
  }
})();
