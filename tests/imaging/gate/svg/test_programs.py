"""Drawings as programs write them: after the gate they look as bare librsvg draws them (P1, P7, P8)."""

import gzip

import pytest
import pyvips

from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.drawings import assert_harmless, data_uri, picture

PNG = data_uri(picture(side=16, color=(0, 0, 255)))
FONT = data_uri(b"wOF2" + bytes(300), "font/woff2")

PROGRAMS = {
    "illustrator": """<?xml version="1.0" encoding="utf-8"?>
<!-- Generator: Adobe Illustrator 27.0, SVG Export Plug-In . SVG Version: 6.00 Build 0)  -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [
    <!ENTITY ns_extend "http://ns.adobe.com/Extensibility/1.0/">
    <!ENTITY ns_ai "http://ns.adobe.com/AdobeIllustrator/10.0/">
    <!ENTITY ns_svg "http://www.w3.org/2000/svg">
    <!ENTITY ns_xlink "http://www.w3.org/1999/xlink">
]>
<svg version="1.1" id="Layer_1" xmlns:x="&ns_extend;" xmlns:i="&ns_ai;" xmlns="&ns_svg;" xmlns:xlink="&ns_xlink;"
    x="0px" y="0px" width="40px" height="30px" viewBox="0 0 40 30" style="enable-background:new 0 0 40 30;"
    xml:space="preserve">
<style type="text/css">.st0{fill:url(#SVGID_1_);} .st1{font-family:'MyriadPro-Regular';} .st2{fill:#FF0000;}</style>
<metadata><sfw xmlns="http://ns.adobe.com/SaveForWeb/1.0/"><slices/></sfw></metadata>
<switch><foreignObject requiredExtensions="&ns_ai;" x="0" y="0" width="1" height="1">
<i:pgfRef xlink:href="#adobe_illustrator_pgf"/></foreignObject>
<g i:extraneous="self"><linearGradient id="SVGID_1_" x1="0" x2="1"><stop offset="0" style="stop-color:#00FF00"/>
<stop offset="1" style="stop-color:#0000FF"/></linearGradient><rect class="st0" width="20" height="30"/>
<rect x="20" class="st2" width="20" height="30"/></g></switch>
<i:pgf id="adobe_illustrator_pgf"><![CDATA[ eJzsvWlbI0cSBTw ]]></i:pgf></svg>""",
    "inkscape": """<?xml version="1.0" encoding="UTF-8" standalone="no"?><!-- Created with Inkscape -->
<svg width="40mm" height="30mm" viewBox="0 0 40 30" version="1.1" inkscape:version="1.3" sodipodi:docname="a.svg"
  xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" xmlns="http://www.w3.org/2000/svg"
  xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd"
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:svg="http://www.w3.org/2000/svg" xmlns:cc="http://creativecommons.org/ns#">
<sodipodi:namedview id="v" pagecolor="#ffffff" inkscape:zoom="0.7"><inkscape:grid type="xygrid"/></sodipodi:namedview>
<metadata><rdf:RDF><cc:Work rdf:about=""/></rdf:RDF></metadata>
<defs><inkscape:path-effect effect="spiro" id="e"/><svg:filter id="f" style="color-interpolation-filters:sRGB">
<svg:feGaussianBlur stdDeviation="0.5"/></svg:filter></defs>
<g inkscape:label="Layer 1" inkscape:groupmode="layer" transform="translate(2,3)">
<rect style="fill:#ff0000;fill-rule:evenodd;stroke-width:0.26;-inkscape-stroke:none;filter:url(#f);paint-order:normal"
 width="20" height="15"/><path sodipodi:nodetypes="cc" inkscape:connector-curvature="0" d="M1 1h9v9z"/>
<text xml:space="preserve" style="font-size:4px;line-height:1.25;-inkscape-font-specification:'sans-serif, \\'Bold\\''"
 x="2" y="22"><tspan sodipodi:role="line" x="2" y="22">Text</tspan></text></g></svg>""",
    "draw.io": """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1"
 width="40"
 height="30" viewBox="-0.5 -0.5 40 30" content="&lt;mxfile host=&quot;a.test&quot;&gt;x&lt;/mxfile&gt;"
 style="background: #ffffff; background-color: light-dark(#ffffff, var(--ge-dark-color, #121212));
 color-scheme: light dark;">
<defs><style type="text/css">@import url(https://fonts.example.org/css2?family=Lato:wght@400;500);&#xa;
 .r{fill:#f00}</style>
</defs><g><g data-cell-id="0"><rect class="r" x="2" y="2" width="20" height="12" stroke="#000000" pointer-events="all"
 style="fill: light-dark(rgb(255, 0, 0), rgb(18, 18, 18));
 stroke: light-dark(rgb(0, 0, 0), rgb(255, 255, 255));"/></g>
<g transform="translate(-0.5 -0.5)"><switch><foreignObject style="overflow: visible; text-align: left;"
 pointer-events="none"
 width="100%" height="100%" requiredFeatures="http://www.w3.org/TR/SVG11/feature#Extensibility">
<div xmlns="http://www.w3.org/1999/xhtml" style="display: flex; align-items: unsafe center; width: 18px;">
<div data-drawio-colors="color: rgb(0, 0, 0); " style="box-sizing: border-box; font-size: 0px;">A<br/>B</div></div>
</foreignObject><text x="12" y="10" fill="rgb(0, 0, 0)" font-family="Helvetica"
 font-size="8px">A</text></switch></g></g>
<switch><g requiredFeatures="http://www.w3.org/TR/SVG11/feature#Extensibility"/><a transform="translate(0,-5)"
 xlink:href="https://www.drawio.com/doc/faq/svg-export-text-problems" target="_blank"><text x="2" y="29"
 font-size="5px">Text is not SVG - cannot display</text></a></switch></svg>""",
    "figma": f"""<svg width="40" height="30" viewBox="0 0 40 30" fill="none" xmlns="http://www.w3.org/2000/svg"
 xmlns:xlink="http://www.w3.org/1999/xlink"><g filter="url(#filter0_d_1_2)" style="mix-blend-mode:multiply">
<rect x="4" y="2" width="20" height="15" rx="4" fill="url(#pattern0)"/></g><g clip-path="url(#clip0)">
<path fill-rule="evenodd" d="M25 5h9v9z" fill="#F00"/></g><defs><filter id="filter0_d_1_2" x="0" y="0" width="28"
 height="25"
 filterUnits="userSpaceOnUse" color-interpolation-filters="sRGB"><feFlood flood-opacity="0"
 result="BackgroundImageFix"/>
<feColorMatrix in="SourceAlpha" type="matrix" values="0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 127 0" result="hardAlpha"/>
<feOffset dy="4"/><feGaussianBlur stdDeviation="2"/><feComposite in2="hardAlpha" operator="out"/>
<feBlend mode="normal" in2="BackgroundImageFix" result="effect1"/><feBlend mode="normal" in="SourceGraphic"
 in2="effect1"/>
</filter><pattern id="pattern0" patternContentUnits="objectBoundingBox" width="1" height="1"><use xlink:href="#image0"
 transform="scale(0.0625)"/></pattern><clipPath id="clip0"><rect width="40" height="30" fill="white"/></clipPath>
<image id="image0" width="16" height="16" preserveAspectRatio="none" xlink:href="{PNG}"/></defs></svg>""",
    "excalidraw": f"""<svg version="1.1" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30" width="40"
 height="30">
  <!-- svg-source:excalidraw --><metadata><!-- payload-type:x --></metadata>
  <defs><style class="style-fonts">
      @font-face {{ font-family: Virgil; src: url({FONT}); }}
      @font-face {{ font-family: "Cascadia"; src: url("https://example.org/Cascadia.woff2"); }}
    </style></defs><rect x="0" y="0" width="40" height="30" fill="#ffffff"/><g stroke-linecap="round"
 transform="translate(5 5) rotate(0 10 10)"><path d="M0 0 C5 1, 10 -1, 20 20" stroke="#e03131" stroke-width="2"
 fill="none"/></g>
 <mask/><g><text x="2" y="9" font-family="Virgil, Segoe UI Emoji" font-size="8px" fill="#1e1e1e"
 style="white-space: pre;"
 direction="ltr" dominant-baseline="alphabetic">Text</text></g></svg>""",
    "mermaid": """<svg id="m-1" width="40" height="30" xmlns="http://www.w3.org/2000/svg" class="flowchart"
 viewBox="0 0 40 30"
 role="graphics-document document" aria-roledescription="flowchart-v2"
 style="max-width: 40px; background-color: white;">
<style>#m-1{font-family:"trebuchet ms",verdana,arial,sans-serif;font-size:16px;fill:#333;}
 @keyframes edge-animation-frame{from
{stroke-dashoffset:0;}}@keyframes dash{to{stroke-dashoffset:0;}}#m-1
 .edge-animation-slow{stroke-dasharray:9,5!important;
animation:dash 50s linear infinite;}#m-1 .node rect,#m-1 .node circle{fill:#ECECFF;stroke:#9370DB;stroke-width:1px;}
#m-1 .marker{fill:#333333;}#m-1 .flowchart-link{stroke:#333333;fill:none;}#m-1 div.mermaidTooltip{background:hsl(80,
 100%,
96.2745098039%);}#m-1 :root{--mermaid-font-family:"trebuchet ms",verdana;}</style><g><marker id="p" class="marker"
 viewBox="0 0 10 10" refX="5" refY="5" markerUnits="userSpaceOnUse" markerWidth="8" markerHeight="8" orient="auto">
<path d="M 0 0 L 10 5 L 0 10 z"/></marker><g class="root"><path d="M5,20L30,20" class="flowchart-link" style=";"
 marker-end="url(#p)"/><g class="node default" id="flowchart-A-0"><rect class="basic label-container" x="3" y="3"
 width="20"
 height="12"/><g class="label"><foreignObject width="10" height="9"><div xmlns="http://www.w3.org/1999/xhtml"
 style="display: table-cell; white-space: nowrap; line-height: 1.5; max-width: 200px;"><span
 class="nodeLabel"><p>A</p></span>
</div></foreignObject></g></g></g></g></svg>""",
    "matplotlib": """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="40pt" height="30pt" viewBox="0 0 40 30"
 xmlns="http://www.w3.org/2000/svg" version="1.1"><metadata><rdf:RDF xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:cc="http://creativecommons.org/ns#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><cc:Work><dc:type
 rdf:resource="http://purl.org/dc/dcmitype/StillImage"/></cc:Work></rdf:RDF></metadata><defs><style type="text/css">
*{stroke-linejoin: round; stroke-linecap: butt}</style></defs><g id="figure_1"><g id="patch_1"><path
 d="M 0 30 L 40 30 L 40 0 L 0
 0 z" style="fill: #ffffff"/></g><defs><path id="m8" d="M 0 0 L 0 3.5"
 style="stroke: #000000; stroke-width: 0.8"/></defs>
<use xlink:href="#m8" x="9.5" y="20" style="stroke: #000000; stroke-width: 0.8"/><path d="M 5 5 L 30 25"
 clip-path="url(#p7)"
 style="fill: none; stroke: #1f77b4; stroke-width: 1.5; stroke-linecap: square"/></g><defs><clipPath id="p7"><rect
 x="3" y="3"
 width="30" height="20"/></clipPath></defs></svg>""",
    "coreldraw": """<?xml version="1.0" encoding="UTF-16"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<!-- Creator: CorelDRAW --><svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" width="40mm" height="30mm"
style="shape-rendering:geometricPrecision; text-rendering:geometricPrecision; image-rendering:optimizeQuality"
viewBox="0 0 40 30" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xodm="http://www.corel.com/coreldraw/odm/2003">
 <defs><font id="FontID0" horiz-adv-x="722" font-variant="normal" style="fill-rule:nonzero"
 font-weight="400"><font-face
 font-family="Arial"><font-face-src><font-face-name
 name="Arial Normal"/></font-face-src></font-face><missing-glyph><path
 d="M0 0z"/></missing-glyph></font><style type="text/css"><![CDATA[
    @font-face { font-family:"Arial";font-variant:normal;font-weight:normal;src:url("#FontID0") format(svg)}
    .fil0 {fill:red}
    .fnt0 {font-weight:normal;font-size:5.4;font-family:'Arial'}
   ]]></style></defs><g id="Layer_x0020_1"><metadata id="CorelCorpID_0Corel-Layer"/><rect class="fil0" width="20"
 height="15"/>
</g></svg>""",
    "sketch": """<?xml version="1.0" encoding="UTF-8"?><svg width="40px" height="30px" viewBox="0 0 40 30"
 version="1.1"
 xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:sketch="http://www.bohemiancoding.com/sketch/ns">
<!-- Generator: Sketch --><title>a</title><desc>Created with Sketch.</desc><defs><path d="M0,0 h20 v20 h-20z"
 id="path-1"/></defs>
<g stroke="none" fill="none" sketch:type="MSPage"><mask id="mask-2" fill="white"><use xlink:href="#path-1"/></mask><g
 fill="#D8D8D8"><use xlink:href="#path-1"/></g><rect fill="#FF0000" mask="url(#mask-2)" x="5" y="5" width="30"
 height="20"
 sketch:type="MSShapeGroup"/></g></svg>""",
    "map": """<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:osm="http://openstreetmap.org/" width="40" height="30"><style type="text/css"><![CDATA[
/* roads */ .highway-casing-core { stroke-width: 6px; stroke: #777777; } .highway-core{stroke-width:4px;stroke:#fb7;
 fill:none}
.area { fill-rule: evenodd; fill: url(#forest); } @media print { .area { fill: none } } text{text-anchor:middle}
]]></style><defs><pattern id="forest" patternUnits="userSpaceOnUse" width="8" height="8"><rect width="8" height="8"
 fill="#cf9"/>
<circle cx="4" cy="4" r="2" fill="#6c6"/></pattern></defs><path class="area" d="M0 0h40v30h-40z"/><path id="way_1"
 osm:id="1"
 class="highway-casing-core" d="M0 10L40 20"/><use xlink:href="#way_1" class="highway-core"/><text
 font-size="5"><textPath
 xlink:href="#way_1" startOffset="50%">Road</textPath></text></svg>""",
    "wikipedia": """<!DOCTYPE svg [<!-- [flags] --><!ENTITY Red "#c00"><!ENTITY nbsp "&#160;">
 <!ATTLIST svg a CDATA #IMPLIED>]>
<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"
 viewBox="0 0 4 3"><style>.land:hover,.coast\\3a b{opacity:.5}
#nl , g > .x{fill:&Red;}@supports (fill:red){.y{fill:lime}} .t{font:italic 1px/1.2 serif}</style><rect width="4"
 height="3"
 fill="#fff"/><path id="nl" d="M0 0h2v3z"/><text class="t" x="2" y="2">a&nbsp;b</text></svg>""",
    "powerpoint": f"""<svg width="40" height="30" xmlns="http://www.w3.org/2000/svg"
 xmlns:xlink="http://www.w3.org/1999/xlink"
 xml:space="preserve" overflow="hidden"><defs><clipPath id="c0"><rect x="0" y="0" width="40"
 height="30"/></clipPath><image
 width="16" height="16" xlink:href="{PNG.replace("data:image/png;", "data:image/png;charset=utf-8;")}"
 id="img1"/></defs>
<g clip-path="url(#c0)"><use width="100%" height="100%" xlink:href="#img1" transform="matrix(1.5 0 0 1.5 2 2)"/><text
 fill="#ED7D31" font-family="Calibri,Calibri_MSFontService,sans-serif" font-weight="400" font-size="6"
 transform="matrix(1 0 0 1 4 28)">A</text></g></svg>""",
    "tailwind": """<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30" class="dark:fill-white w-1/2">
<style>:root{--fill:red}.dark\\:fill-white{color:#f00}.w-1\\/2{opacity:.9}.hover\\:x:hover{fill:blue}
@media (min-width:640px) and (max-width&lt;900px){.sm\\:y{fill:lime}}
 .a{fill:currentColor;background:url(https://a.test/b.png)}
@layer base{.b{fill:lime}}</style><rect class="a" width="20" height="30"/></svg>""",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_p1_drawing_of_a_program_looks_as_bare_librsvg_draws_it(program):
    text = PROGRAMS[program]
    data = text.encode("utf-16") if "UTF-16" in text else text.encode()
    bare = pyvips.Image.svgload_buffer(data, dpi=96, scale=0.75)
    for form in (data, gzip.compress(data)):
        ours = open_original(form, ImageLimits(), RenderConfig()).load()
        assert (ours.width, ours.height) == (bare.width, bare.height)
        assert (bare.premultiply() - ours.premultiply()).abs().max() <= 2
        assert bare.avg() > 0
    body = bytes(inspect(data, ImageLimits(), RenderConfig())[1])
    assert_harmless(body)
    assert bytes(inspect(body, ImageLimits(), RenderConfig())[1]) == body
