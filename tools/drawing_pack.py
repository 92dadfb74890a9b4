r"""Write the folder of sources from which pages for ``default.ink.onnx`` were drawn.

    mkdir debian; cd debian
    for p in ufoai-textures supertuxkart-data openarena-081-textures mate-backgrounds \
        lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 ukui-wallpapers \
        plasma-workspace-wallpapers gnome-backgrounds
    do apt-get download $p; dpkg-deb -x ${p}_*.deb $p; done; cd ..
    pip install '.[draw,pdf,study]'
    python tools/english_text.py english.txt
    python tools/drawing_pack.py --data DATA --debian debian --english english.txt PACK
    ocr train --arch ink --data PACK -o my

The format is that of ``ocr/drawing/sources.py``. DATA holds ``fonts/fonts.zip``,
``unipen/*.jsonl.gz``, ``emnist/emnist-train.npz`` and ``flowers17/*/*.jpg``. Every source, with its
license:

- fonts: @fontsource packages (OFL and the like) and DejaVu, cut down to the signs of English
- UNIPEN train set, isolated signs (CC BY 4.0); EMNIST by class (public domain)
- flowers17: Oxford Flowers (research use)
- scikit-image's sample pictures (public domain and CC0, see its data/README)
- Debian's ufoai-textures (CC BY, CC BY-SA, GPL 2+), supertuxkart-data (CC BY-SA, GPL),
  openarena-081-textures (GPL 2), mate-backgrounds, lomiri-wallpapers, ukui-wallpapers,
  plasma-workspace-wallpapers and gnome-backgrounds (CC BY-SA, CC BY, LGPL)
- English text: see tools/english_text.py

The folder is not part of the project. Pictures that contain writing are left out by name
(WRITTEN, UNWANTED), because the network would learn to overlook writing.
"""

from __future__ import annotations

import argparse
import gzip
import io
import itertools
import json
import random
import re
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.data.readers.unipen import list_files, read_glyphs
from ocr.drawing.sources import SIGNS, thin_out

LETTERS = 15_000
LINES = 60_000
SIDE = 256  # px, longer side of a texture
QUALITY = 60  # of its JPEG file
LATIN = [*range(0x20, 0x7F), *range(0xA1, 0x100), 0x2013, 0x2014, 0x2018, 0x2019]
LATIN += [0x201C, 0x201D, 0x2022, 0x2026, 0x20AC]
PICTURE = re.compile(r"\.(jpe?g|png|webp|tga)$", re.IGNORECASE)
#: Normal maps, gloss maps and masks, which are no pictures of anything.
MAPS = re.compile(r"(_nm|_gm|_glow|_sm|_rm|_g|_gl|_alpha|normals?\d*|_s|_n|_norm|_mask)\.", re.I)
SURFACE = re.compile(
    r"wood|brick|wall|stone|rock|grass|floor|cloth|carpet|concrete|plaster|ground|dirt|sand"
    r"|asphalt|tarmac|metal|marble|paving|fabric|crate|bark|gravel|tile|roof|snow|terrain|nature"
    r"|material",
    re.IGNORECASE,
)
WRITTEN = re.compile(
    r"sign|poster|text(?!ure)|logo|letter|news|map_|billboard|advert|number|flag|label|screen|monitor"
    r"|vending|book|shop|tex_pics|tex_tech|bar_|neon|kart|konqi|mascot|console|computer|clock"
    r"|phone|toxic|fallout|verbot|metro|train|graffiti|grafitti|arrow|speed|finish|start|page\."
    r"|plate|paper|magazine|poster|comp_|panel|display|decal|hazard|menu|font|icon|phantom",
    re.IGNORECASE,
)


#: Pictures in which writing or signs were seen when all were looked at.
UNWANTED = """
acc_dm3/fx_dm3sky acc_dm3/fx_portal acc_dm3/wallbotoa acc_dm5/fx_lums acc_dm5/fx_portal
acc_dm5/fx_sky acc_dm5/fx_waterfall black_forest/cow black_forest/deer-antlers
clown/ankh_light cosmo_green/graygrpaint cosmo_light/wall_light1 cosmo_light/wall_light2
ctf2/blue_banner02 ctf2/red_banner02 czest2ctf/redclouds gothic_block/evil2cglow
gothic_block/evil2ckillblockglow gothic_light/icl_blend gothic_light/ironcrosslt2
gothic_light/ironcrosslt2_10000_blend gothic_light/ironcrosslt2_1000_blend
gothic_light/ironcrosslt2_5000 gothic_light/ironcrosslt2_5000_blend
gothic_light/pentagram_light1_3k gothic_light/pentagram_light1_3k_blend introcutscene2/house
mate-backgrounds/Arc-Colors-Transparent-Wallpaper mate-backgrounds/GreenTraditional
mines/crate_explose mines/crate_wood_colored mines/crate_wood_nitro minigolf/golfbal_face
oquartz/sky3 plasma-workspace-wallpapers/SafeLanding proto2/concrete03c_sku
sandtrack/camel_col sfx/blaunch sfx/blaunch2 sfx/nlaunch sfx/nlaunch2 sfx/rlaunch sfx/rlaunch2
stadium/racetrack_curbs stk_enterprise/planet_earth1 tex_alienb/ab_obj_b0 tex_alienb/ab_obj_b7
tex_alienb/ab_obj_d_pls tex_alienb/ab_powercore_pls tex_base/helipad tex_base/lasertable
tex_base/map001 tex_base/map002 tex_base/pharmacy tex_base/tank002 tex_base/wires2
tex_buildings/e8_mtlwall4 tex_buildings/ind05a tex_buildings/japwall010
tex_buildings/metal_cover tex_ctp1/misc_m_1 tex_ctp1/misc_y_1 tex_ctp1/tool_h_1
tex_furniture/clothes tex_furniture/locker01 tex_furniture/table001 tex_lights/stoplights01
tex_mattn/art005 tex_mattn/automat tex_mattn/bar1 tex_mattn/bar4 tex_mattn/door065
tex_mattn/fan tex_mattn/notes tex_mattn/rack tex_mattn/subway_berlin tex_mattn/tech001
tex_mattn/wall_grates tex_mattn/window13 tex_misc/bask_board tex_misc/box024h
tex_misc/dvd_ufoai tex_misc/exit_clean tex_misc/exit_dirty tex_misc/jgong
tex_misc/office_sep05 tex_misc/rail_info tex_misc/rail_info0 tex_misc/rail_notice
tex_misc/rail_notice0 tex_misc/rail_noticeb tex_misc/rail_noticeb0 tex_misc/rail_overlay
tex_misc/rail_route tex_misc/rail_route0 tex_misc/rail_route4 tex_misc/soft_drinks2
tex_misc/trashbin001 tex_misc/vehentpan tex_misc/vehentpan0 tex_misc/vehentpan9
tex_misc/vendor_cart tex_streets/street11 tex_trak/trak4_door1 tex_trak/trak4_door1e
tex_vehicles/consite_truck_a tex_vehicles/consite_truck_c tex_vehicles/spocar004
textures/Sara_Eyes2 textures/Sara_Lower_dif textures/cs_tux_wheel textures/egypt2
textures/gfx_bubble_a textures/slipstream textures/slipstream2 textures/slipstream_bonus
textures/stk_endLog_a textures/stk_flyingMapBig_a textures/stk_futureYellowBox_a
textures/stk_futureYellowBox_a_gloss textures/stk_lowPolyBuilding_a
textures/stk_lowPolyCarsDay_a textures/stk_lowPolyFish_a textures/stk_metaloverlap_a
textures/stk_terminalCode_a textures/stk_terminalHappy_face_a textures/stkcrowd_ghost_a
textures/stkcrowd_lowPoly_b textures/stklib_hayBall_diff_a textures/stklib_oldcar_a
textures/stkspon_japimpactDonator_a textures/stktex_LasDunasLocationAtlas_a
textures/stktex_beachball_a textures/stktex_blimp_a textures/stktex_counterSSAO_a
textures/stktex_flightList_a textures/stktex_gnuMeditation_a textures/stktex_gnuMeditation_fur
textures/stktex_granParadisoLocation_a textures/stktex_itemBannedAirport_a
textures/stktex_jetBlast_a textures/stktex_launchpad42location_a
textures/stktex_mansionLocationAtlas_a textures/stktex_monkey_a
textures/stktex_puertoEncanto_a textures/stktex_seaweed_a
textures/stktex_silviaLocationAtlas_a textures/stktex_trijetTCPlivery_a
textures/stktex_valVerdeLocationAtlas_a ukui-wallpapers/focal-ubuntukylin
volcano_island/danger volcano_island/danger1 volcano_island/s2 volcano_island/stk
volcano_island/tagghi volcano_island/welcome volcano_island/welcome_back volcano_island/wood
volcano_island/wood1 xr591/welcome_to_XR591
"""


def main() -> None:
    """Parse the command line and write the five files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--debian", type=Path, required=True, help="folder of unpacked packages")
    parser.add_argument("--english", type=Path, required=True)
    parser.add_argument("output", type=Path)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    write_text(given.english, given.output / "text.txt")
    write_letters(given.data / "emnist/emnist-train.npz", given.output / "letters.npz")
    write_textures(given.data, given.debian, given.output / "textures.zip")
    write_strokes(given.data / "unipen", given.output / "strokes.jsonl.gz")
    write_fonts(given.data / "fonts/fonts.zip", given.output / "fonts.zip")


def write_fonts(source: Path, target: Path) -> None:
    """Write all fonts, cut down to the signs that are drawn."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            if name.endswith(".ttf") and "Math" not in name:
                new.writestr(name, subset(old.read(name)))


def subset(font: bytes) -> bytes:
    """A font that holds the signs of LATIN only, and no hints."""
    from fontTools import subset as tool

    options = tool.Options(
        hinting=False, notdef_outline=True, layout_features=["kern", "liga", "calt"]
    )
    loaded = tool.load_font(io.BytesIO(font), options)
    cutter = tool.Subsetter(options)
    cutter.populate(unicodes=LATIN)
    cutter.subset(loaded)
    stream = io.BytesIO()
    loaded.save(stream)
    return stream.getvalue()


def write_strokes(folder: Path, target: Path) -> None:
    """Write some signs of each character by each writer, thinned out, in the UNIPEN format."""
    counts: Counter[tuple[str, str]] = Counter()
    lines = []
    for sign in (sign for file in list_files(folder) for sign in read_glyphs(file, alphabet=None)):
        counts[sign.donor, sign.character] += 1
        if counts[sign.donor, sign.character] <= SIGNS:
            thin = [thin_out(stroke).astype(int) for stroke in sign.strokes]
            strokes = [[[x, -y] for x, y in stroke.tolist()] for stroke in thin]
            lines.append(json.dumps({"c": sign.character, "donor": sign.donor, "s": strokes}))
    target.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


def write_letters(source: Path, target: Path) -> None:
    """Write some of the letters whose case is certain."""
    with np.load(source) as arrays:
        certain = np.flatnonzero(arrays["case_ambiguous"] == 0)
        chosen = np.random.default_rng(0).permutation(certain)[:LETTERS]
        images, characters = arrays["images"][chosen], arrays["chars"][chosen]
    np.savez_compressed(target, images=images, chars=characters)


def write_text(source: Path, target: Path) -> None:
    """Write some of the lines, without characters that cannot be printed."""
    lines = source.read_text(encoding="utf-8", errors="ignore").splitlines()
    random.Random(0).shuffle(lines)
    plain = ("".join(c for c in line if " " <= c <= "~").strip() for line in lines)
    chosen = [line for line in plain if line][:LINES]
    target.write_text("\n".join(chosen), encoding="utf-8")


def write_textures(data: Path, debian: Path, target: Path) -> None:
    """Write all pictures without writing, in gray."""
    pictures = itertools.chain(flowers(data), samples(), packed(debian), photographs(debian))
    with zipfile.ZipFile(target, "w") as archive:
        for name, picture in pictures:
            if picture.std() < 4 or min(picture.shape) < 96:  # a flat color, or an icon
                continue
            small = stretched(reduced(picture))
            if min(small.shape) >= 64:  # no strip
                jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
                archive.writestr(f"{name}.jpg", jpeg.tobytes())


def reduced(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with its longer side at most SIDE px."""
    scale = SIDE / max(picture.shape)
    if scale >= 1:
        return picture
    how = cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how), np.uint8)


def stretched(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with its gray values spread; many textures of games are very dark."""
    low, high = np.percentile(picture, (1, 99))
    gain = min(3.0, 215 / max(high - low, 1.0))
    if gain <= 1:
        return picture
    middle = min(max((low + high) / 2 * 1.3, 70), 185)
    wide = (picture.astype(np.float32) - (low + high) / 2) * gain + middle
    return np.clip(wide, 0, 255).astype(np.uint8)


def flowers(data: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Every eighth photograph of flowers."""
    for path in sorted((data / "flowers17").glob("*/*.jpg"))[::8]:
        picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if picture is not None:
            yield f"scene/flowers/{path.parent.name}-{path.stem}", np.asarray(picture, np.uint8)


def samples() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Pictures in the scikit-image wheel."""
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    wanted = "coffee camera astronaut gravel brick hubble_deep_field moon grass retina ihc cell"
    wanted += " rocket horse chelsea coins motorcycle_left"
    for path in sorted(folder.glob("*")):
        picture = (
            cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.stem in wanted.split() else None
        )
        if picture is not None:
            kind = "surface" if path.stem in ("gravel", "brick", "grass") else "scene"
            yield f"{kind}/skimage/{path.stem}", np.asarray(picture, np.uint8)


def packed(debian: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Textures of games: those in archives, then those in folders; two of each family."""
    for package, pattern in (
        ("ufoai-textures", "**/*.pk3"),
        ("openarena-081-textures", "**/*.pk3"),
    ):
        for path in sorted((debian / package).glob(pattern)):
            with zipfile.ZipFile(path) as archive:
                for name in sorted(families(archive.namelist())):
                    yield from decoded(package, name, archive.read(name))
    folder = debian / "supertuxkart-data"
    names = [str(p.relative_to(folder)) for p in folder.rglob("*") if "/textures/" in str(p)]
    names += [str(p.relative_to(folder)) for p in folder.rglob("*.jpg") if "/tracks/" in str(p)]
    for name in sorted(families(names)):
        yield from decoded("supertuxkart-data", name, (folder / name).read_bytes())


def families(names: list[str]) -> set[str]:
    """Two pictures of each family of names that differ by a number only."""
    by_family: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        tail = name.rsplit("/data/", 1)[-1]  # the package's own name says nothing
        if PICTURE.search(name) and not MAPS.search(name) and not WRITTEN.search(tail):
            by_family[re.sub(r"[\d_]+[a-z]?\.\w+$", "", name)].append(name)
    return {name for family in by_family.values() for name in (family[0], family[-1])}


def decoded(package: str, name: str, data: bytes) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """A picture of a file's bytes, under its name; nothing where it can't be read."""
    if "/".join(Path(name).with_suffix("").parts[-2:]) in UNWANTED.split():
        return
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is not None:
        kind = "surface" if SURFACE.search(name) else "scene"
        yield f"{kind}/{package}/{Path(name).with_suffix('')}", np.asarray(picture, np.uint8)


def photographs(debian: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Desktop backgrounds, as a whole and in four parts each at full detail."""
    packages = "mate-backgrounds lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 ukui-wallpapers"
    packages += " plasma-workspace-wallpapers gnome-backgrounds"
    seen = set()
    for package in packages.split():
        for path in sorted((debian / package).rglob("*")):
            key = path.parent.parent.parent.name if "images" in path.parts[-2] else path.stem
            key = re.sub(r"_\d+x\d+$", "", key)
            if not PICTURE.search(path.name) or "screenshot" in path.stem or key in seen:
                continue
            if f"{package}/{key}" in UNWANTED.split() or re.search(r"logo|MATE", path.stem):
                continue
            picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            if picture is not None and min(picture.shape) >= 480:
                seen.add(key)
                yield from parts(f"scene/{package}/{key}", np.asarray(picture, np.uint8))


def parts(name: str, picture: NDArray[np.uint8]) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """A photograph as a whole, and some windows of it: ``NAME#0``, ``NAME#1``..."""
    yield f"{name}#0", picture
    dice = random.Random(zlib.crc32(name.encode()))
    for i in range(1, 5):
        side = min(min(picture.shape), dice.choice([400, 640, 1000]))
        y, x = (dice.randint(0, length - side) for length in picture.shape)
        yield f"{name}#{i}", picture[y : y + side, x : x + side]


if __name__ == "__main__":
    main()
