import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The few make definitions of the OpenWrt SDK that our recipes use, so that their install steps and fields can be
 * read without an SDK: `rules.mk` and `package.mk` of our own, in `folder`.
 */
export function makeSdk(folder: string, repository: string): void {
  mkdirSync(join(folder, 'include'), { recursive: true });
  writeFileSync(
    join(folder, 'rules.mk'),
    `INCLUDE_DIR:=${folder}/include\nPKG_BUILD_DIR:=${repository}\nINSTALL_DIR:=install -d -m0755\nCP:=cp -fpR\n`,
  );
  writeFileSync(
    join(folder, 'include/package.mk'),
    [
      'define BuildPackage',
      '$(eval $(call Package/$(1)))',
      'define POSTINST',
      '$$(Package/$(1)/postinst)',
      'endef',
      'export POSTINST',
      'install:',
      '\t$(call Package/$(1)/install,$(DEST))',
      'fields:',
      "\t@printf '%s\\n' 'version=$(PKG_VERSION)-r$(PKG_RELEASE)' 'depends=$(DEPENDS)' 'section=$(SECTION)' 'arch=$(PKGARCH)' 'title=$(TITLE)'",
      "\t@printf 'conffiles=%s\\n' '$(strip $(Package/$(1)/conffiles))'",
      '\t@printf \'%s\' "$$$$POSTINST" >$(DEST)',
      'endef',
    ].join('\n'),
  );
}

/** Runs a target of a recipe; `DEST` is where it installs to. */
export function runRecipe(recipe: string, sdk: string, target: string, dest: string): string {
  const result = spawnSync('make', ['-s', '-f', recipe, `TOPDIR=${sdk}`, `DEST=${dest}`, target], {
    cwd: join(recipe, '..'),
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`make ${target} of ${recipe}: ${result.stderr}`);
  return result.stdout;
}
