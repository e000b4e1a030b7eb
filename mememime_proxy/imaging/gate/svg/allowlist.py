"""Elements and attributes that a sanitised drawing may have: graphics, text, filters, declarative animation.

SVG 1.1 (second edition) and SVG 2, element and attribute indices, with the fonts of SVG 1.1 and what Inkscape writes of
SVG 1.2; HTML and MathML as far as they are text, for ``foreignObject``. What is not here is removed.
"""

_ELEMENT_NAMES = """
    a altGlyph altGlyphDef altGlyphItem animate animateColor animateMotion animateTransform circle clipPath defs desc
    ellipse feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap
    feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode
    feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence filter flowDiv flowLine
    flowPara flowRegion flowRegionBreak flowRegionExclude flowRoot flowSpan flowTref font font-face font-face-format
    font-face-name font-face-src foreignObject g glyph glyphRef hatch hatchpath hkern image line linearGradient marker
    mask mesh meshgradient meshpatch meshrow metadata missing-glyph mpath path pattern polygon polyline radialGradient
    rect set solidColor solidcolor stop style svg switch symbol text textPath title tref tspan unknown use view vkern
"""

_ATTRIBUTE_NAMES = """
    accent-height accumulate additive alignment-baseline alphabetic amplitude arabic-form ascent attributeName
    attributeType azimuth baseFrequency baseline-shift baseProfile bbox begin bias by calcMode cap-height class clip
    clip-path clip-rule clipPathUnits color color-interpolation color-interpolation-filters color-profile
    color-rendering cursor cx cy d descent diffuseConstant dir direction display divisor dominant-baseline dur dx dy
    edgeMode elevation enable-background end exponent externalResourcesRequired fill fill-opacity fill-rule filter
    filterRes filterUnits flood-color flood-opacity focusable font font-family font-feature-settings font-kerning
    font-size font-size-adjust font-stretch font-style font-variant font-variation-settings font-weight format fr from
    fx fy g1 g2 glyph-name glyph-orientation-horizontal glyph-orientation-vertical glyphRef gradientTransform
    gradientUnits hanging height horiz-adv-x horiz-origin-x horiz-origin-y id ideographic image-rendering in in2
    intercept isolation k k1 k2 k3 k4 kernelMatrix kernelUnitLength kerning keyPoints keySplines keyTimes lang
    lengthAdjust letter-spacing lighting-color limitingConeAngle line-height marker marker-end marker-mid marker-start
    markerHeight markerUnits markerWidth mask mask-type maskContentUnits maskUnits mathematical max media method min
    mix-blend-mode mode name numOctaves offset opacity operator order orient orientation origin overflow
    overline-position overline-thickness paint-order panose-1 path pathLength patternContentUnits patternTransform
    patternUnits pointer-events points pointsAtX pointsAtY pointsAtZ preserveAlpha preserveAspectRatio primitiveUnits r
    radius refX refY rendering-intent repeatCount repeatDur requiredExtensions requiredFeatures requiredFonts
    requiredFormats restart result role rotate rx ry scale seed shape-inside shape-padding shape-rendering side slope
    solid-color solid-opacity spacing specularConstant specularExponent spreadMethod startOffset stdDeviation stemh
    stemv stitchTiles stop-color stop-opacity strikethrough-position strikethrough-thickness stroke stroke-dasharray
    stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width style surfaceScale
    systemLanguage tabindex tableValues target targetX targetY text-align text-anchor text-decoration text-orientation
    text-overflow text-rendering textLength to transform transform-box transform-origin type u1 u2
    underline-position underline-thickness unicode unicode-bidi unicode-range units-per-em v-alphabetic v-hanging
    v-ideographic v-mathematical values vector-effect version vert-adv-y vert-origin-x vert-origin-y viewBox visibility
    white-space width widths word-spacing writing-mode x x-height x1 x2 xChannelSelector y y1 y2 yChannelSelector z
    zoomAndPan
"""

_HTML_ELEMENT_NAMES = """
    a abbr address article aside b bdi bdo big blockquote body br caption center cite code col colgroup dd del details
    dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd label li main mark nav nobr
    ol p pre q rp rt ruby s samp section small span strike strong style sub summary sup table tbody td tfoot th thead
    time tr tt u ul var wbr
"""

_HTML_ATTRIBUTE_NAMES = """
    abbr align alt bgcolor border cellpadding cellspacing char class clear color cols colspan compact datetime dir face
    frame headers height hspace id lang noshade nowrap open reversed role rows rowspan rules scope size span start style
    tabindex target title translate type valign value vspace width
"""

_MATH_ELEMENT_NAMES = """
    annotation maction math menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts
    mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none semantics
"""

_MATH_ATTRIBUTE_NAMES = """
    accent accentunder align class close columnalign columnlines columnspacing columnspan depth dir display
    displaystyle encoding fence form frame framespacing height id largeop linethickness lspace mathbackground mathcolor
    mathsize mathvariant maxsize minsize movablelimits notation open rowalign rowlines rowspacing rowspan rspace
    scriptlevel separator separators stretchy style symmetric voffset width
"""

ELEMENTS = frozenset(_ELEMENT_NAMES.split())
ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
"""Without those that refer to something else (``href``), which have rules of their own, and without any event."""
HTML_ELEMENTS = frozenset(_HTML_ELEMENT_NAMES.split())
HTML_ATTRIBUTES = frozenset(_HTML_ATTRIBUTE_NAMES.split())
"""Without ``href`` and ``src``, which have rules of their own."""
MATH_ELEMENTS = frozenset(_MATH_ELEMENT_NAMES.split())
MATH_ATTRIBUTES = frozenset(_MATH_ATTRIBUTE_NAMES.split())

_ACTIVE_ELEMENT_NAMES = """
    animation applet audio base canvas color-profile cursor discard embed font-face-uri form frame frameset handler
    iframe img link listener meta object param prefetch script source template track video
"""
ACTIVE_ELEMENTS = frozenset(_ACTIVE_ELEMENT_NAMES.split())
"""Elements of the name space of SVG that run, load or listen in some version of it, or whose names do in HTML."""
ACTIVE_NAMESPACES = frozenset(
    {
        "http://www.w3.org/1999/XSL/Transform",
        "http://www.w3.org/2001/XInclude",
        "http://www.w3.org/2001/xml-events",
        "http://www.w3.org/2002/xforms",
        "http://www.mozilla.org/xbl",
        "http://www.w3.org/ns/xbl",
        "http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul",
        "http://www.w3.org/2000/xmlns/",
    }
)
"""Name spaces beside those of SVG, HTML and MathML that some program acts on. Any other one is data to all of them."""
