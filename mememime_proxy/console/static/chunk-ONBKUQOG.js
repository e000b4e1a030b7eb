import{b as le,f as re,g as ie,h as ce}from"./chunk-Y6IOMHED.js";import"./chunk-UAITM3LB.js";import{a as B}from"./chunk-FX4WMPOW.js";import{a as oe}from"./chunk-ZLRAI2Y5.js";import{a as W,b as ne,c as x}from"./chunk-5BUQPANI.js";import{a as s,d as t,e as k,f as D,g as se,h as C,i as F,j as m}from"./chunk-OSCMDXYO.js";import{e as _,g as S,k as b,o as ae,p as L,r as q,t as z,x as R}from"./chunk-J2T52GRY.js";var O=64,ve=["red","green","blue","light"];async function be(a){await navigator.clipboard.writeText(a),C(t("copied"))}function ue({colors:a}){return s`<ul class="palette">${a.map(({color:e,share:n})=>s`<li style=${{flexGrow:Math.max(n,.02)}}>
    <button class="plain" style=${{backgroundColor:e}} aria-label=${t("palette.copy",{color:e,share:Math.round(100*n)})}
      title=${`${e}, ${k(Math.round(100*n))} %`} onClick=${()=>be(e).catch(m)}></button></li>`)}</ul>
    <p class="faint swatches">${a.map(({color:e})=>s`<code>${e}</code> `)}</p>`}function $e({histogram:a}){let e=Uint8Array.from(atob(a),o=>o.charCodeAt(0)),n=o=>`0,255 ${[...e.subarray(O*o,O*(o+1))].map((f,d)=>`${d},${255-f} ${d+1},${255-f}`).join(" ")} ${O},255`;return s`<svg class="histogram" viewBox="0 0 ${O} 255" preserveAspectRatio="none" role="img" aria-label=${t("histogram.label")}>
    ${ve.map((o,l)=>s`<polygon class=${o} points=${n(l)} />`)}</svg>`}var ge="/console/static/hls-1.7.4.js";function me(a,e){if(!("MediaSource"in window||"ManagedMediaSource"in window))return a.src=e,()=>{};let n=null,o=!1,l=()=>n?.startLoad();return(async()=>{if(await import(ge),o)return;let{Hls:d}=window;n=new d({enableWorker:!1,autoStartLoad:!1}),n.on(d.Events.ERROR,(c,u)=>{u.fatal&&m(new Error(u.details))}),n.loadSource(e),n.attachMedia(a),a.addEventListener("play",l,{once:!0}),a.addEventListener("seeking",l,{once:!0})})().catch(m),()=>{o=!0,a.removeEventListener("play",l),a.removeEventListener("seeking",l),n?.destroy()}}var T=10,de=T*T,E=160,ye=20;function j(a){let e=Math.floor(a),n=`${Math.floor(e/60)%60}`.padStart(e>=3600?2:1,"0");return`${e>=3600?`${Math.floor(e/3600)}:`:""}${n}:${`${e%60}`.padStart(2,"0")}.${Math.floor(a*10%10)}`}var U=a=>Math.round(a*10)/10;function pe({asset:a,source:e}){let n=a.facts,o=n.media_type.startsWith("video/"),l=(n.duration_ms??0)/1e3,f=!o||(n.streams??[]).some(i=>i.type==="audio"),d=o?Math.max(2,2*Math.round(E*n.height/n.width/2)):0,c=b({}),u=S(null),M=S(null),r=b(0),$=b(null),p=b({start:0,end:Math.min(l,5)}),w=S(null);_(()=>{let i=new AbortController,v={stream:{source:e,options:[],format:"m3u8"},file:{source:e,options:[],format:o?"mp4":"m4a"},...o?{poster:{source:e,options:["vts:auto","rs:fit:1100:700"],format:"webp"},tiles:{source:e,options:[`vtt:-1:${T}:${T}:${E}:${d}`],format:"jpg"}}:{},...f?{waveform:{source:e,options:["wf:0"],format:"svg"}}:{}};return R(Object.values(v),i.signal).then(g=>{c.value=Object.fromEntries(Object.keys(v).map((fe,he)=>[fe,g[he].url??""]))}).catch(m),()=>i.abort()},[e]);function y(i){let v=M.current.getBoundingClientRect();return l*Math.min(1,Math.max(0,(i.clientX-v.left)/v.width))}let H=i=>{u.current&&(u.current.currentTime=i),r.value=i};function A(i){let v=y(i);$.value=v,!(w.current===null||!(i.buttons&1))&&(p.value={start:U(Math.min(w.current,v)),end:U(Math.max(w.current,v))})}function P(i){M.current?.setPointerCapture(i.pointerId),w.current=y(i),H(w.current)}function N(i,v){let g={...p.value,[i]:U(Math.min(l,Math.max(0,v)))};p.value=g.end>=g.start?g:{start:g[i],end:g[i]}}let X=async(i,v)=>{let[g]=await R([{source:e,options:i,format:v}]);if(!g.url)throw new Error(g.detail);await navigator.clipboard.writeText(g.url),C(t("copied"))},I=i=>`${l?100*i/l:0}%`,J=[`clip:${p.value.start}:${U(p.value.end-p.value.start)}`],K=[`vts:${U(r.value)}`],Q=o?"mp4":"m4a",V=(i,v)=>x(`/playground?${new URLSearchParams([["source",e],...i.map(g=>["o",g]),["format",v]])}`),Y=l>ye;_(()=>Y&&u.current&&c.value.stream?me(u.current,c.value.stream):void 0,[c.value.stream]);let Z=!Y&&c.value.file&&s`<source src=${c.value.file} type=${o?"video/mp4":"audio/mp4"} />`,ee=()=>{r.value=u.current?.currentTime??0},te=$.value===null||!l?0:Math.min(de-1,Math.floor($.value/l*de));return s`<div class="media" aria-busy=${c.value.file===void 0?"true":null}>
    ${o?s`<video ref=${u} key=${c.value.file} class="frame" controls preload="none" poster=${c.value.poster||null} onTimeUpdate=${ee}
          style=${{aspectRatio:`${n.width} / ${n.height}`}} aria-label=${a.filename||t("media.film")}>${Z}</video>`:s`<audio ref=${u} key=${c.value.file} controls preload="none" onTimeUpdate=${ee} aria-label=${a.filename||t("media.sound")}>${Z}</audio>`}
    ${l>0&&s`<div class="timeline" ref=${M} onPointerDown=${P} onPointerMove=${A} onPointerUp=${()=>{w.current=null}} onPointerLeave=${()=>{$.value=null}}>
      ${c.value.waveform&&s`<img class="waveform" src=${c.value.waveform} alt="" draggable=${!1} />`}
      <div class="part" style=${{left:I(p.value.start),width:I(p.value.end-p.value.start)}}></div>
      <div class="cursor" style=${{left:I(r.value)}}></div>
      ${$.value!==null&&s`<div class="peek" style=${{left:o?`clamp(${E/2+2}px, ${I($.value)}, calc(100% - ${E/2+2}px))`:I($.value)}}>
        ${c.value.tiles&&s`<div style=${{width:`${E}px`,height:`${d}px`,backgroundImage:`url("${c.value.tiles}")`,backgroundPosition:`-${te%T*E}px -${Math.floor(te/T)*d}px`}}></div>`}
        ${j($.value)}</div>`}
    </div>
    <input class="wide-range" type="range" min="0" max=${l} step="0.1" value=${r} aria-label=${t("media.place")} aria-valuetext=${j(r.value)} onInput=${i=>H(Number(i.target.value))} />
    <p class="faint small">${t("media.help")}</p>
    <fieldset class="option"><legend>${t("media.clip")}</legend>
      <div class="fields">
        <label>${t("media.start")}<input type="number" min="0" max=${l} step="0.1" value=${p.value.start} onChange=${i=>N("start",Number(i.target.value))} /></label>
        <label>${t("media.end")}<input type="number" min="0" max=${l} step="0.1" value=${p.value.end} onChange=${i=>N("end",Number(i.target.value))} /></label></div>
      <p class="buttons"><button onClick=${()=>N("start",r.value)}>${t("media.from_here")}</button><button onClick=${()=>N("end",r.value)}>${t("media.to_here")}</button>
        <button disabled=${p.value.end<=p.value.start} onClick=${()=>X(J,Q).catch(m)}>${t("copy_url")}</button>
        ${p.value.end>p.value.start&&s`<a class="button" href=${V(J,Q)}>${t("nav.playground")}</a>`}</p></fieldset>
    ${o&&s`<fieldset class="option"><legend>${t("media.poster")}</legend>
      <p class="small">${t("media.poster_at",{time:j(r.value)})}</p>
      <p class="buttons"><button onClick=${()=>X([...K,"rs:fit:1280"],"jpg").catch(m)}>${t("copy_url")}</button><a class="button" href=${V([...K,"rs:fit:640"],"webp")}>${t("nav.playground")}</a></p></fieldset>`}`}
  </div>`}async function G(a){await navigator.clipboard.writeText(a),C(t("copied"))}var h=({name:a,children:e})=>s`<div class="fact"><dt>${a}</dt><dd>${e}</dd></div>`;function we({asset:a}){let e=a.facts,n=Object.entries(e?.exif??{});return s`<dl class="facts">
    ${a.filename&&s`<${h} name=${t("fact.filename")}>${a.filename}<//>`}
    ${e&&e.width>0&&s`<${h} name=${t("fact.sides")}>${k(e.width)} × ${k(e.height)}<//>`}
    <${h} name=${t("fact.size")}>${D(a.size)}${a.stored_size&&a.stored_size!==a.size?` (${t("fact.stored",{size:D(a.stored_size)})})`:""}<//>
    <${h} name=${t("fact.type")}>${a.media_type}<//>
    <${h} name=${t("fact.created")}>${se(a.created,!0)}<//>
    ${e&&!e.streams?.length&&(e.frames??1)>1&&s`<${h} name=${t("fact.frames")}>${k(e.frames??1)}, ${k((e.duration_ms??0)/1e3)} s<//>`}
    ${(e?.streams??[]).length>0&&s`<${h} name=${t("fact.length")}>${j((e?.duration_ms??0)/1e3)}<//>
      ${e?.streams?.map(o=>s`<${h} name=${t(`stream.${o.type}`)}>${[o.codec,o.fps?`${k(Math.round(100*o.fps)/100)} fps`:"",o.frequency?`${k(o.frequency)} Hz`:"",o.bps?`${k(Math.round(o.bps/1e3))} kbit/s`:"",o.language==="und"?"":o.language].filter(Boolean).join(", ")}<//>`)}`}
    ${e?.color_space&&s`<${h} name=${t("fact.color_space")}>${e.color_space}, ${e.depth??8} bit${e.has_alpha?`, ${t("fact.alpha")}`:""}<//>`}
    ${e?.dominant_color&&s`<${h} name=${t("fact.color")}><span class="swatch" style=${{backgroundColor:e.dominant_color}}></span> <code>${e.dominant_color}</code><//>`}
    ${(e?.palette??[]).length>0&&s`<${h} name=${t("fact.palette")}><${ue} colors=${e?.palette} /><//>`}
    ${e?.histogram&&s`<${h} name=${t("fact.histogram")}><${$e} histogram=${e.histogram} /><//>`}
    ${n.map(([o,l])=>s`<${h} name=${t(`exif.${o}`)}>${o==="exposure_time"&&Number(l)<1?`1/${Math.round(1/Number(l))}`:String(l)}<//>`)}
    <${h} name="SHA-256"><code class="break">${a.sha256}</code> <button class="link" onClick=${()=>G(a.sha256).catch(m)}>${t("copy")}</button><//>
    ${e?.blurhash&&s`<${h} name="BlurHash"><code class="break">${e.blurhash}</code> <button class="link" onClick=${()=>G(e.blurhash??"").catch(m)}>${t("copy")}</button><//>`}
    ${e?.thumbhash&&s`<${h} name="ThumbHash"><code class="break">${e.thumbhash}</code> <button class="link" onClick=${()=>G(e.thumbhash??"").catch(m)}>${t("copy")}</button><//>`}
  </dl>`}function ke({asset:a,aliases:e,field:n,onChange:o}){let l=b(""),f=b(""),d=async c=>{c.preventDefault(),f.value="";try{let u=l.value.trim().split("/").map(encodeURIComponent).join("/");await q("PUT",`/aliases/${u}`,{json:{sha256:a.sha256},headers:{"If-None-Match":"*"}}),l.value="",o()}catch(u){f.value=F(u)}};return s`<section aria-labelledby="names"><h2 id="names">${t("asset.names")}</h2>
    ${e.length?s`<ul class="names">${e.map(c=>s`<li><a href=${x(`/aliases/${encodeURI(c.name)}`)}>${c.name}</a>
          <span class="faint">v${c.version}</span> ${c.tags.map(u=>s`<a class="tag" href=${x(`/?q=${encodeURIComponent(`tag:${u}`)}`)}>${u}</a>`)}</li>`)}</ul>`:a.state==="ready"&&s`<p class="faint">${t("asset.unnamed")}</p>`}
    ${L.value?.role!=="read"&&a.state==="ready"&&s`<form class="line" onSubmit=${d}>
      <label>${t("asset.name")}<input ref=${n} value=${l} placeholder=${`${L.value?.prefix||"shop/"}…`} spellcheck=${!1} aria-describedby="name-error"
        onInput=${c=>{l.value=c.target.value}} /></label>
      <button class="primary" disabled=${!l.value.trim()}>${t("asset.give_name")}</button></form>
      <p id="name-error" class="error" role="alert">${f}</p>`}
  </section>`}function xe({asset:a}){let e=b(null);return _(()=>{let n=new AbortController;return(async()=>{let{assets:l}=await z(`/assets/${a.sha256}/alike?limit=12`,n.signal),f=l.length?await R(l.map(d=>({source:`asset://${d.asset.sha256}`,options:["rs:fill:240:240","g:sm"],format:"webp"})),n.signal):[];e.value=l.map((d,c)=>({...d,url:f[c].url??""}))})().catch(m),()=>n.abort()},[a.sha256]),e.value?.length?s`<section aria-labelledby="alike"><h2 id="alike">${t("asset.alike")}</h2><ul class="strip">
    ${e.value.map(n=>s`<li><a href=${x(`/assets/${n.asset.sha256}`)}><img src=${n.url||null} width="120" height="120" alt=${B(n.asset)} />
      <span class="faint">${n.mirrored?t("asset.mirrored"):t("asset.distance",{distance:n.distance})}</span></a></li>`)}</ul></section>`:null}function Ve(){let a=W.value.path.slice(8),e=b(null),n=b([]),o=b(null),l=b(null),f=b(!1),d=S(null),c=()=>{n.value.length?ne(`/aliases/${encodeURI(n.value[0].name)}?focus=1`):(d.current?.focus(),C(t("asset.name_first")))},u=async()=>{let[y,H]=await Promise.all([z(`/assets/${a}`),z(`/assets/${a}/aliases`)]);if(e.value=y,n.value=H.aliases,y.state==="ready"&&!y.facts?.streams?.length){let A=Math.min(1600,Math.round(Math.min(innerWidth,1100)*Math.min(2,devicePixelRatio||1))),[P]=await R([{source:`asset://${a}`,options:[`rs:fit:${A}:${A}`],format:"webp"}]);o.value=P.url??"",P.detail&&m(new Error(P.detail))}},M=()=>{u().catch(y=>{l.value=y})};if(_(()=>{u().then(()=>{W.value.query.has("focus")&&c()},y=>{l.value=y})},[a]),l.value)return s`<main class="page" id="main" tabindex="-1"><h1>${t("error.title")}</h1><p role="alert">${F(l.value)}</p><p><a href=${x("/")}>${t("nav.gallery")}</a></p></main>`;if(!e.value)return s`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${t("gallery.loading")}</h1></main>`;let r=e.value,$=r.facts,p=($?.streams??[]).length>0,w=L.value?.role!=="read";return s`<main class="page asset" id="main" tabindex="-1">
    <p><a href=${x("/")}>← ${t("nav.gallery")}</a></p>
    <h1>${r.filename||n.value[0]?.name||B(r)}</h1>
    ${r.state!=="ready"&&s`<p class="state" role="status">${t(`state.${r.state}`)}${r.reason?`: ${r.reason}`:""}</p>`}
    <div class="two">
      <div>
        ${p&&r.state==="ready"?s`<${pe} asset=${r} source=${n.value[0]?`alias://${n.value[0].name}`:`asset://${a}`} />`:s`<div class="frame" aria-busy=${r.state==="ready"&&o.value===null?"true":null} style=${{backgroundColor:$?.dominant_color??"",aspectRatio:$?`${$.width} / ${$.height}`:"",maxWidth:$?.width?`${$.width}px`:""}}>
            ${o.value&&s`<img src=${o.value} width=${$?.width} height=${$?.height} alt=${r.filename||t("asset.picture")} />`}
          </div>`}
        <p class="actions">
          ${r.state==="ready"&&s`${!p&&s`<button class="primary" onClick=${()=>re(r).catch(m)}>${t("copy_url")}</button>
            <button onClick=${()=>ie(r).catch(m)}>${t("copy_srcset")}</button>
            ${w&&s`<button onClick=${c}>${t("focus.title")}</button>`}
            <a class="button" href=${x(`/playground?source=${encodeURIComponent(n.value[0]?`alias://${n.value[0].name}`:`asset://${a}`)}&o=rs:fill:480:320&o=g:sm`)}>${t("nav.playground")}</a>`}
            <a class="button" download=${r.filename||r.sha256.slice(0,12)} href=${`${ae}/assets/${a}/content`}>${t("download")}</a>`}
          ${w&&r.state==="deleted"&&s`<button class="primary" onClick=${()=>q("POST",`/assets/${a}/restore`).then(M,m)}>${t("restore")}</button>`}
          ${w&&(r.state==="ready"||r.state==="quarantined")&&s`<button class="danger" onClick=${()=>{f.value=!0}}>${t("delete")}</button>`}
        </p>
        ${$?.phash&&s`<${xe} asset=${r} />`}
      </div>
      <div>
        <${ke} asset=${r} aliases=${n.value} field=${d} onChange=${M} />
        <section aria-labelledby="facts"><h2 id="facts">${t("asset.facts")}</h2><${we} asset=${r} /></section>
      </div>
    </div>
    ${f.value&&s`<${oe} title=${t("alias.delete_title",{name:r.filename||r.sha256.slice(0,12)})} onClose=${()=>{f.value=!1}}>
      <p>${t(n.value.length?"delete.help_named":"delete.help",{days:Math.round((L.value?.delete_grace??0)/86400),names:n.value.map(y=>y.name).join(", ")})}</p>
      <p class="actions"><button onClick=${()=>{f.value=!1}}>${t("cancel")}</button>
        <button class="danger" autofocus onClick=${()=>{f.value=!1,le(ce([r]),M,n.value).catch(m)}}>${t("delete")}</button></p>
    <//>`}
  </main>`}export{Ve as AssetPage};
