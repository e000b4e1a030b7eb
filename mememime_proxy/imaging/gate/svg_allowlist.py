"""Elements and attributes of SVG that a sanitised drawing may have: graphics, text, filters, declarative animation.

SVG 1.1 (second edition) and SVG 2, element and attribute indices. What is not here is dropped.
"""

_ELEMENT_NAMES = """
    a animate animateMotion animateTransform circle clipPath defs desc ellipse feBlend feColorMatrix
    feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight
    feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology
    feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence filter g image line linearGradient
    marker mask mpath path pattern polygon polyline radialGradient rect set solidColor stop style svg switch
    symbol text textPath title tref tspan use view
"""

_ATTRIBUTE_NAMES = """
    accumulate additive alignment-baseline amplitude aria-hidden aria-label aria-labelledby attributeName
    attributeType azimuth baseFrequency baseline-shift baseProfile begin bias by calcMode class clip
    clip-path clip-rule clipPathUnits color color-interpolation color-interpolation-filters color-profile
    color-rendering cursor cx cy d diffuseConstant direction display divisor dominant-baseline dur dx dy edgeMode
    elevation enable-background end exponent fill fill-opacity fill-rule filter filterRes filterUnits flood-color
    flood-opacity font font-family font-feature-settings font-kerning font-size font-size-adjust font-stretch
    font-style font-variant font-weight fr from fx fy glyph-orientation-horizontal glyph-orientation-vertical
    gradientTransform gradientUnits height id image-rendering in in2 intercept isolation k1 k2 k3 k4 kernelMatrix
    kernelUnitLength kerning keyPoints keySplines keyTimes lang lengthAdjust letter-spacing lighting-color
    limitingConeAngle marker marker-end marker-mid marker-start markerHeight markerUnits markerWidth mask
    mask-type maskContentUnits maskUnits max media method min mix-blend-mode mode numOctaves offset opacity
    operator order orient orientation origin overflow paint-order path pathLength patternContentUnits
    patternTransform patternUnits pointer-events points pointsAtX pointsAtY pointsAtZ preserveAlpha
    preserveAspectRatio primitiveUnits r radius refX refY repeatCount repeatDur requiredExtensions
    requiredFeatures restart result role rotate rx ry scale seed shape-rendering side slope spacing
    specularConstant specularExponent spreadMethod startOffset stdDeviation stitchTiles stop-color stop-opacity
    stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity
    stroke-width style surfaceScale systemLanguage tabindex tableValues target targetX targetY text-anchor
    text-decoration text-orientation text-overflow text-rendering textLength to transform transform-origin type
    unicode-bidi values vector-effect version viewBox visibility white-space width word-spacing writing-mode x x1
    x2 xChannelSelector y y1 y2 yChannelSelector z zoomAndPan
"""

ELEMENTS = frozenset(_ELEMENT_NAMES.split())

ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
"""Without those that refer to something else (``href``), which have rules of their own, and without any event."""
