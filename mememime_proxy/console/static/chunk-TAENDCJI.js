import{a as ae,c as se,d as ne}from"./chunk-HUW5ESHE.js";import{a as te}from"./chunk-4R3UABHZ.js";import{a as Z,c as k}from"./chunk-FKTCSDLQ.js";import{a as s,d as t,e as w,f as O,g as ee,h as S,i as D,j as m}from"./chunk-6H4XDVXD.js";import{e as C,g as j,k as h,o as Y,p as L,r as z,s as A,w as _}from"./chunk-2DZIMCSW.js";var N=64,pe=["red","green","blue","light"];async function fe(a){await navigator.clipboard.writeText(a),S(t("copied"))}function oe({colors:a}){return s`<ul class="palette">${a.map(({color:e,share:n})=>s`<li style=${{flexGrow:Math.max(n,.02)}}>
    <button class="plain" style=${{backgroundColor:e}} aria-label=${t("palette.copy",{color:e,share:Math.round(100*n)})}
      title=${`${e}, ${w(Math.round(100*n))} %`} onClick=${()=>fe(e).catch(m)}></button></li>`)}</ul>
    <p class="faint swatches">${a.map(({color:e})=>s`<code>${e}</code> `)}</p>`}function le({histogram:a}){let e=Uint8Array.from(atob(a),o=>o.charCodeAt(0)),n=o=>`0,255 ${[...e.subarray(N*o,N*(o+1))].map((p,u)=>`${u},${255-p} ${u+1},${255-p}`).join(" ")} ${N},255`;return s`<svg class="histogram" viewBox="0 0 ${N} 255" preserveAspectRatio="none" role="img" aria-label=${t("histogram.label")}>
    ${pe.map((o,l)=>s`<polygon class=${o} points=${n(l)} />`)}</svg>`}var he="/console/static/hls-1.7.4.js";function re(a,e){if(!("MediaSource"in window||"ManagedMediaSource"in window))return a.src=e,()=>{};let n=null,o=!1,l=()=>n?.startLoad();return(async()=>{if(await import(he),o)return;let{Hls:u}=window;n=new u({enableWorker:!1,autoStartLoad:!1}),n.on(u.Events.ERROR,(c,r)=>{r.fatal&&m(new Error(r.details))}),n.loadSource(e),n.attachMedia(a),a.addEventListener("play",l,{once:!0}),a.addEventListener("seeking",l,{once:!0})})().catch(m),()=>{o=!0,a.removeEventListener("play",l),a.removeEventListener("seeking",l),n?.destroy()}}var R=10,ie=R*R,E=160,ve=20;function I(a){let e=Math.floor(a),n=`${Math.floor(e/60)%60}`.padStart(e>=3600?2:1,"0");return`${e>=3600?`${Math.floor(e/3600)}:`:""}${n}:${`${e%60}`.padStart(2,"0")}.${Math.floor(a*10%10)}`}var H=a=>Math.round(a*10)/10;function ce({asset:a,source:e}){let n=a.facts,o=n.media_type.startsWith("video/"),l=(n.duration_ms??0)/1e3,p=!o||(n.streams??[]).some(i=>i.type==="audio"),u=o?Math.max(2,2*Math.round(E*n.height/n.width/2)):0,c=h({}),r=j(null),b=j(null),g=h(0),y=h(null),$=h({start:0,end:Math.min(l,5)}),M=j(null);C(()=>{let i=new AbortController,f={stream:{source:e,options:[],format:"m3u8"},file:{source:e,options:[],format:o?"mp4":"m4a"},...o?{poster:{source:e,options:["vts:auto","rs:fit:1100:700"],format:"webp"},tiles:{source:e,options:[`vtt:-1:${R}:${R}:${E}:${u}`],format:"jpg"}}:{},...p?{waveform:{source:e,options:["wf:0"],format:"svg"}}:{}};return _(Object.values(f),i.signal).then(v=>{c.value=Object.fromEntries(Object.keys(f).map((me,de)=>[me,v[de].url??""]))}).catch(m),()=>i.abort()},[e]);function T(i){let f=b.current.getBoundingClientRect();return l*Math.min(1,Math.max(0,(i.clientX-f.left)/f.width))}let x=i=>{r.current&&(r.current.currentTime=i),g.value=i};function ue(i){let f=T(i);y.value=f,!(M.current===null||!(i.buttons&1))&&($.value={start:H(Math.min(M.current,f)),end:H(Math.max(M.current,f))})}function $e(i){b.current?.setPointerCapture(i.pointerId),M.current=T(i),x(M.current)}function U(i,f){let v={...$.value,[i]:H(Math.min(l,Math.max(0,f)))};$.value=v.end>=v.start?v:{start:v[i],end:v[i]}}let B=async(i,f)=>{let[v]=await _([{source:e,options:i,format:f}]);if(!v.url)throw new Error(v.detail);await navigator.clipboard.writeText(v.url),S(t("copied"))},P=i=>`${l?100*i/l:0}%`,W=[`clip:${$.value.start}:${H($.value.end-$.value.start)}`],F=[`vts:${H(g.value)}`],G=o?"mp4":"m4a",X=(i,f)=>k(`/playground?${new URLSearchParams([["source",e],...i.map(v=>["o",v]),["format",f]])}`),J=l>ve;C(()=>J&&r.current&&c.value.stream?re(r.current,c.value.stream):void 0,[c.value.stream]);let K=!J&&c.value.file&&s`<source src=${c.value.file} type=${o?"video/mp4":"audio/mp4"} />`,Q=()=>{g.value=r.current?.currentTime??0},V=y.value===null||!l?0:Math.min(ie-1,Math.floor(y.value/l*ie));return s`<div class="media" aria-busy=${c.value.file===void 0?"true":null}>
    ${o?s`<video ref=${r} key=${c.value.file} class="frame" controls preload="none" poster=${c.value.poster||null} onTimeUpdate=${Q}
          style=${{aspectRatio:`${n.width} / ${n.height}`}} aria-label=${a.filename||t("media.film")}>${K}</video>`:s`<audio ref=${r} key=${c.value.file} controls preload="none" onTimeUpdate=${Q} aria-label=${a.filename||t("media.sound")}>${K}</audio>`}
    ${l>0&&s`<div class="timeline" ref=${b} onPointerDown=${$e} onPointerMove=${ue} onPointerUp=${()=>{M.current=null}} onPointerLeave=${()=>{y.value=null}}>
      ${c.value.waveform&&s`<img class="waveform" src=${c.value.waveform} alt="" draggable=${!1} />`}
      <div class="part" style=${{left:P($.value.start),width:P($.value.end-$.value.start)}}></div>
      <div class="cursor" style=${{left:P(g.value)}}></div>
      ${y.value!==null&&s`<div class="peek" style=${{left:o?`clamp(${E/2+2}px, ${P(y.value)}, calc(100% - ${E/2+2}px))`:P(y.value)}}>
        ${c.value.tiles&&s`<div style=${{width:`${E}px`,height:`${u}px`,backgroundImage:`url("${c.value.tiles}")`,backgroundPosition:`-${V%R*E}px -${Math.floor(V/R)*u}px`}}></div>`}
        ${I(y.value)}</div>`}
    </div>
    <input class="wide-range" type="range" min="0" max=${l} step="0.1" value=${g} aria-label=${t("media.place")} aria-valuetext=${I(g.value)} onInput=${i=>x(Number(i.target.value))} />
    <p class="faint small">${t("media.help")}</p>
    <fieldset class="option"><legend>${t("media.clip")}</legend>
      <div class="fields">
        <label>${t("media.start")}<input type="number" min="0" max=${l} step="0.1" value=${$.value.start} onChange=${i=>U("start",Number(i.target.value))} /></label>
        <label>${t("media.end")}<input type="number" min="0" max=${l} step="0.1" value=${$.value.end} onChange=${i=>U("end",Number(i.target.value))} /></label></div>
      <p class="buttons"><button onClick=${()=>U("start",g.value)}>${t("media.from_here")}</button><button onClick=${()=>U("end",g.value)}>${t("media.to_here")}</button>
        <button disabled=${$.value.end<=$.value.start} onClick=${()=>B(W,G).catch(m)}>${t("copy_url")}</button>
        ${$.value.end>$.value.start&&s`<a class="button" href=${X(W,G)}>${t("nav.playground")}</a>`}</p></fieldset>
    ${o&&s`<fieldset class="option"><legend>${t("media.poster")}</legend>
      <p class="small">${t("media.poster_at",{time:I(g.value)})}</p>
      <p class="buttons"><button onClick=${()=>B([...F,"rs:fit:1280"],"jpg").catch(m)}>${t("copy_url")}</button><a class="button" href=${X([...F,"rs:fit:640"],"webp")}>${t("nav.playground")}</a></p></fieldset>`}`}
  </div>`}async function q(a){await navigator.clipboard.writeText(a),S(t("copied"))}var d=({name:a,children:e})=>s`<div class="fact"><dt>${a}</dt><dd>${e}</dd></div>`;function be({asset:a}){let e=a.facts,n=Object.entries(e?.exif??{});return s`<dl class="facts">
    ${a.filename&&s`<${d} name=${t("fact.filename")}>${a.filename}<//>`}
    ${e&&e.width>0&&s`<${d} name=${t("fact.sides")}>${w(e.width)} × ${w(e.height)}<//>`}
    <${d} name=${t("fact.size")}>${O(a.size)}${a.stored_size&&a.stored_size!==a.size?` (${t("fact.stored",{size:O(a.stored_size)})})`:""}<//>
    <${d} name=${t("fact.type")}>${a.media_type}<//>
    <${d} name=${t("fact.created")}>${ee(a.created,!0)}<//>
    ${e&&!e.streams?.length&&(e.frames??1)>1&&s`<${d} name=${t("fact.frames")}>${w(e.frames??1)}, ${w((e.duration_ms??0)/1e3)} s<//>`}
    ${(e?.streams??[]).length>0&&s`<${d} name=${t("fact.length")}>${I((e?.duration_ms??0)/1e3)}<//>
      ${e?.streams?.map(o=>s`<${d} name=${t(`stream.${o.type}`)}>${[o.codec,o.fps?`${w(Math.round(100*o.fps)/100)} fps`:"",o.frequency?`${w(o.frequency)} Hz`:"",o.bps?`${w(Math.round(o.bps/1e3))} kbit/s`:"",o.language==="und"?"":o.language].filter(Boolean).join(", ")}<//>`)}`}
    ${e?.color_space&&s`<${d} name=${t("fact.color_space")}>${e.color_space}, ${e.depth??8} bit${e.has_alpha?`, ${t("fact.alpha")}`:""}<//>`}
    ${e?.dominant_color&&s`<${d} name=${t("fact.color")}><span class="swatch" style=${{backgroundColor:e.dominant_color}}></span> <code>${e.dominant_color}</code><//>`}
    ${(e?.palette??[]).length>0&&s`<${d} name=${t("fact.palette")}><${oe} colors=${e?.palette} /><//>`}
    ${e?.histogram&&s`<${d} name=${t("fact.histogram")}><${le} histogram=${e.histogram} /><//>`}
    ${n.map(([o,l])=>s`<${d} name=${t(`exif.${o}`)}>${o==="exposure_time"&&Number(l)<1?`1/${Math.round(1/Number(l))}`:String(l)}<//>`)}
    <${d} name="SHA-256"><code class="break">${a.sha256}</code> <button class="link" onClick=${()=>q(a.sha256).catch(m)}>${t("copy")}</button><//>
    ${e?.blurhash&&s`<${d} name="BlurHash"><code class="break">${e.blurhash}</code> <button class="link" onClick=${()=>q(e.blurhash??"").catch(m)}>${t("copy")}</button><//>`}
    ${e?.thumbhash&&s`<${d} name="ThumbHash"><code class="break">${e.thumbhash}</code> <button class="link" onClick=${()=>q(e.thumbhash??"").catch(m)}>${t("copy")}</button><//>`}
  </dl>`}function ge({asset:a,aliases:e,onChange:n}){let o=h(""),l=h(""),p=async u=>{u.preventDefault(),l.value="";try{let c=o.value.trim().split("/").map(encodeURIComponent).join("/");await z("PUT",`/aliases/${c}`,{json:{sha256:a.sha256},headers:{"If-None-Match":"*"}}),o.value="",n()}catch(c){l.value=D(c)}};return s`<section aria-labelledby="names"><h2 id="names">${t("asset.names")}</h2>
    ${e.length?s`<ul class="names">${e.map(u=>s`<li><a href=${k(`/aliases/${encodeURI(u.name)}`)}>${u.name}</a>
          <span class="faint">v${u.version}</span> ${u.tags.map(c=>s`<a class="tag" href=${k(`/?q=${encodeURIComponent(`tag:${c}`)}`)}>${c}</a>`)}</li>`)}</ul>`:s`<p class="faint">${t("asset.unnamed")}</p>`}
    ${L.value?.role!=="read"&&a.state==="ready"&&s`<form class="line" onSubmit=${p}>
      <label>${t("asset.name")}<input value=${o} placeholder=${`${L.value?.prefix||"shop/"}…`} spellcheck=${!1} aria-describedby="name-error"
        onInput=${u=>{o.value=u.target.value}} /></label>
      <button class="primary" disabled=${!o.value.trim()}>${t("asset.give_name")}</button></form>
      <p id="name-error" class="error" role="alert">${l}</p>`}
  </section>`}function ye({asset:a}){let e=h(null);return C(()=>{let n=new AbortController;return(async()=>{let{assets:l}=await A(`/assets/${a.sha256}/alike?limit=12`,n.signal),p=l.length?await _(l.map(u=>({source:`asset://${u.asset.sha256}`,options:["rs:fill:240:240","g:sm"],format:"webp"})),n.signal):[];e.value=l.map((u,c)=>({...u,url:p[c].url??""}))})().catch(m),()=>n.abort()},[a.sha256]),e.value?.length?s`<section aria-labelledby="alike"><h2 id="alike">${t("asset.alike")}</h2><ul class="strip">
    ${e.value.map(n=>s`<li><a href=${k(`/assets/${n.asset.sha256}`)}><img src=${n.url||null} width="120" height="120" alt=${n.asset.filename||n.asset.sha256.slice(0,12)} />
      <span class="faint">${n.mirrored?t("asset.mirrored"):t("asset.distance",{distance:n.distance})}</span></a></li>`)}</ul></section>`:null}function Xe(){let a=Z.value.path.slice(8),e=h(null),n=h([]),o=h(null),l=h(null),p=h(!1),u=async()=>{let[$,M]=await Promise.all([A(`/assets/${a}`),A(`/assets/${a}/aliases`)]);if(e.value=$,n.value=M.aliases,$.state==="ready"&&!$.facts?.streams?.length){let T=Math.min(1600,Math.round(Math.min(innerWidth,1100)*Math.min(2,devicePixelRatio||1))),[x]=await _([{source:`asset://${a}`,options:[`rs:fit:${T}:${T}`],format:"webp"}]);o.value=x.url??"",x.detail&&m(new Error(x.detail))}},c=()=>{u().catch($=>{l.value=$})};if(C(c,[a]),l.value)return s`<main class="page" id="main" tabindex="-1"><h1>${t("error.title")}</h1><p role="alert">${D(l.value)}</p><p><a href=${k("/")}>${t("nav.gallery")}</a></p></main>`;if(!e.value)return s`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${t("gallery.loading")}</h1></main>`;let r=e.value,b=r.facts,g=(b?.streams??[]).length>0,y=L.value?.role!=="read";return s`<main class="page asset" id="main" tabindex="-1">
    <p><a href=${k("/")}>← ${t("nav.gallery")}</a></p>
    <h1>${r.filename||n.value[0]?.name||r.sha256.slice(0,12)}</h1>
    ${r.state!=="ready"&&s`<p class="state" role="status">${t(`state.${r.state}`)}${r.reason?`: ${r.reason}`:""}</p>`}
    <div class="two">
      <div>
        ${g&&r.state==="ready"?s`<${ce} asset=${r} source=${n.value[0]?`alias://${n.value[0].name}`:`asset://${a}`} />`:s`<div class="frame" aria-busy=${r.state==="ready"&&o.value===null?"true":null} style=${{backgroundColor:b?.dominant_color??"",aspectRatio:b?`${b.width} / ${b.height}`:""}}>
            ${o.value&&s`<img src=${o.value} width=${b?.width} height=${b?.height} alt=${r.filename||t("asset.picture")} />`}
          </div>`}
        <p class="actions">
          ${r.state==="ready"&&s`${!g&&s`<button class="primary" onClick=${()=>se(r).catch(m)}>${t("copy_url")}</button>
            <a class="button" href=${k(`/playground?source=${encodeURIComponent(n.value[0]?`alias://${n.value[0].name}`:`asset://${a}`)}&o=rs:fill:480:320&o=g:sm`)}>${t("nav.playground")}</a>`}
            <a class="button" download=${r.filename||r.sha256.slice(0,12)} href=${`${Y}/assets/${a}/content`}>${t("download")}</a>`}
          ${y&&r.state==="deleted"&&s`<button class="primary" onClick=${()=>z("POST",`/assets/${a}/restore`).then(c,m)}>${t("restore")}</button>`}
          ${y&&(r.state==="ready"||r.state==="quarantined")&&s`<button class="danger" onClick=${()=>{p.value=!0}}>${t("delete")}</button>`}
        </p>
        ${b?.phash&&s`<${ye} asset=${r} />`}
      </div>
      <div>
        <${ge} asset=${r} aliases=${n.value} onChange=${c} />
        <section aria-labelledby="facts"><h2 id="facts">${t("asset.facts")}</h2><${be} asset=${r} /></section>
      </div>
    </div>
    ${p.value&&s`<${te} title=${t("delete.title",{count:1})} onClose=${()=>{p.value=!1}}>
      <p>${t("delete.help",{days:Math.round((L.value?.delete_grace??0)/86400)})}</p>
      <p class="actions"><button onClick=${()=>{p.value=!1}}>${t("cancel")}</button>
        <button class="danger" autofocus onClick=${()=>{p.value=!1,ae(ne([r]),c).catch(m)}}>${t("delete")}</button></p>
    <//>`}
  </main>`}export{Xe as AssetPage};
