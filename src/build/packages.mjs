/**
 * The packages: what is in them and what they need. `ipk.mjs` makes .ipk files of them; the recipes in openwrt-feed/
 * install the same staged trees with the SDK, and a test holds the two against each other.
 */

/**
 * @typedef {{from: string, to: string}} Copy a folder of the repository or build, and where it goes on the router
 * @typedef {{
 *   name: string, title: string, section: string, depends: string[], conffiles: string[], copies: Copy[],
 *   description: string, postinstPkg: string, prermPkg: string,
 * }} Package
 */

/** Release of the package for one version of the program (PKG_RELEASE). */
export const RELEASE = 1;

/** @type {Package[]} */
export const PACKAGES = [
  {
    name: 'hagw',
    title: 'HA gateway: two routers, several WANs, one gateway',
    section: 'net',
    depends: [
      'quickjs',
      'socat',
      'keepalived',
      'conntrackd',
      'conntrack',
      'nftables-json',
      'ip-full',
      'fping',
      'rpcd',
      'ubus',
      'uci',
    ],
    conffiles: ['/etc/config/hagw'],
    copies: [
      { from: 'files', to: '/' },
      { from: 'build/router', to: '/' },
    ],
    description:
      'Two OpenWrt routers, each with two or more WANs, act as one gateway that survives the loss of a WAN or of a router.',
    // ubusd reads its ACL files at the start and at SIGHUP only.
    postinstPkg: '[ -n "$IPKG_INSTROOT" ] || kill -HUP "$(pidof ubusd)" 2>/dev/null\nexit 0\n',
    prermPkg: '',
  },
  {
    name: 'luci-app-hagw',
    title: 'LuCI page of the HA gateway (Network > HA Gateway)',
    section: 'luci',
    depends: ['luci-base', 'hagw'],
    conffiles: [],
    copies: [
      { from: 'luci/root', to: '/' },
      { from: 'build/luci/htdocs', to: '/www' },
    ],
    description: 'Shows and sets the HA gateway in LuCI, under Network > HA Gateway.',
    // LuCI caches its menu, rpcd its ACL files.
    postinstPkg:
      '[ -n "$IPKG_INSTROOT" ] || {\n\trm -rf /tmp/luci-indexcache* /tmp/luci-modulecache\n\tkill -HUP "$(pidof rpcd)" 2>/dev/null\n}\nexit 0\n',
    prermPkg: '',
  },
];

/** The script that opkg runs after unpacking: OpenWrt's own default steps (enable and start init scripts, …). */
export const POSTINST = `#!/bin/sh
[ "$IPKG_NO_SCRIPT" = 1 ] && exit 0
[ -s "$IPKG_INSTROOT/lib/functions.sh" ] || exit 0
. "$IPKG_INSTROOT/lib/functions.sh"
default_postinst "$0" "$@"
`;

/** The script that opkg runs before removal: stops and disables init scripts. */
export const PRERM = `#!/bin/sh
[ -s "$IPKG_INSTROOT/lib/functions.sh" ] || exit 0
. "$IPKG_INSTROOT/lib/functions.sh"
default_prerm "$0" "$@"
`;
