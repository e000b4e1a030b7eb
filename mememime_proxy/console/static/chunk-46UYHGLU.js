import{a as ee,c as ae,d as te}from"./chunk-FWA3Z2UO.js";import{a as Z}from"./chunk-KSXMXO7C.js";import{a as V,c as w}from"./chunk-FKTCSDLQ.js";import{a as t,d as e,e as M,f as A,g as Y,h as O,i as q,j as h}from"./chunk-XVAK6PWY.js";import{e as P,g as E,k as m,o as Q,p as R,r as H,s as N,w as C}from"./chunk-2DZIMCSW.js";var S=10,se=S*S,_=160,ce=20;function j(s){let a=Math.floor(s),l=`${Math.floor(a/60)%60}`.padStart(a>=3600?2:1,"0");return`${a>=3600?`${Math.floor(a/3600)}:`:""}${l}:${`${a%60}`.padStart(2,"0")}.${Math.floor(s*10%10)}`}var U=s=>Math.round(s*10)/10;function ne({asset:s,source:a}){let l=s.facts,n=l.media_type.startsWith("video/"),r=(l.duration_ms??0)/1e3,g=!n||(l.streams??[]).some(o=>o.type==="audio"),$=n?Math.max(2,2*Math.round(_*l.height/l.width/2)):0,c=m({}),i=E(null),v=E(null),b=m(0),y=m(null),u=m({start:0,end:Math.min(r,5)}),k=E(null);P(()=>{let o=new AbortController,d={stream:{source:a,options:[],format:"m3u8"},file:{source:a,options:[],format:n?"mp4":"m4a"},...n?{poster:{source:a,options:["vts:auto","rs:fit:1100:700"],format:"webp"},tiles:{source:a,options:[`vtt:-1:${S}:${S}:${_}:${$}`],format:"jpg"}}:{},...g?{waveform:{source:a,options:["wf:0"],format:"svg"}}:{}};return C(Object.values(d),o.signal).then(f=>{c.value=Object.fromEntries(Object.keys(d).map((re,ie)=>[re,f[ie].url??""]))}).catch(h),()=>o.abort()},[a]);function T(o){let d=v.current.getBoundingClientRect();return r*Math.min(1,Math.max(0,(o.clientX-d.left)/d.width))}let x=o=>{i.current&&(i.current.currentTime=o),b.value=o};function le(o){let d=T(o);y.value=d,!(k.current===null||!(o.buttons&1))&&(u.value={start:U(Math.min(k.current,d)),end:U(Math.max(k.current,d))})}function oe(o){v.current?.setPointerCapture(o.pointerId),k.current=T(o),x(k.current)}function z(o,d){let f={...u.value,[o]:U(Math.min(r,Math.max(0,d)))};u.value=f.end>=f.start?f:{start:f[o],end:f[o]}}let L=async(o,d)=>{let[f]=await C([{source:a,options:o,format:d}]);if(!f.url)throw new Error(f.detail);await navigator.clipboard.writeText(f.url),O(e("copied"))},I=o=>`${r?100*o/r:0}%`,B=[`clip:${u.value.start}:${U(u.value.end-u.value.start)}`],W=[`vts:${U(b.value)}`],F=n?"mp4":"m4a",X=(o,d)=>w(`/playground?${new URLSearchParams([["source",a],...o.map(f=>["o",f]),["format",d]])}`),G=c.value.stream&&t`${r<=ce||t`<source src=${c.value.stream} type="application/vnd.apple.mpegurl" />`}
    <source src=${c.value.file} type=${n?"video/mp4":"audio/mp4"} />`,J=()=>{b.value=i.current?.currentTime??0},K=y.value===null||!r?0:Math.min(se-1,Math.floor(y.value/r*se));return t`<div class="media" aria-busy=${c.value.file===void 0?"true":null}>
    ${n?t`<video ref=${i} key=${c.value.file} class="frame" controls preload="none" poster=${c.value.poster||null} onTimeUpdate=${J}
          style=${{aspectRatio:`${l.width} / ${l.height}`}} aria-label=${s.filename||e("media.film")}>${G}</video>`:t`<audio ref=${i} key=${c.value.file} controls preload="none" onTimeUpdate=${J} aria-label=${s.filename||e("media.sound")}>${G}</audio>`}
    ${r>0&&t`<div class="timeline" ref=${v} onPointerDown=${oe} onPointerMove=${le} onPointerUp=${()=>{k.current=null}} onPointerLeave=${()=>{y.value=null}}>
      ${c.value.waveform&&t`<img class="waveform" src=${c.value.waveform} alt="" draggable=${!1} />`}
      <div class="part" style=${{left:I(u.value.start),width:I(u.value.end-u.value.start)}}></div>
      <div class="cursor" style=${{left:I(b.value)}}></div>
      ${y.value!==null&&t`<div class="peek" style=${{left:n?`clamp(${_/2+2}px, ${I(y.value)}, calc(100% - ${_/2+2}px))`:I(y.value)}}>
        ${c.value.tiles&&t`<div style=${{width:`${_}px`,height:`${$}px`,backgroundImage:`url("${c.value.tiles}")`,backgroundPosition:`-${K%S*_}px -${Math.floor(K/S)*$}px`}}></div>`}
        ${j(y.value)}</div>`}
    </div>
    <input class="wide-range" type="range" min="0" max=${r} step="0.1" value=${b} aria-label=${e("media.place")} aria-valuetext=${j(b.value)} onInput=${o=>x(Number(o.target.value))} />
    <p class="faint small">${e("media.help")}</p>
    <fieldset class="option"><legend>${e("media.clip")}</legend>
      <div class="fields">
        <label>${e("media.start")}<input type="number" min="0" max=${r} step="0.1" value=${u.value.start} onChange=${o=>z("start",Number(o.target.value))} /></label>
        <label>${e("media.end")}<input type="number" min="0" max=${r} step="0.1" value=${u.value.end} onChange=${o=>z("end",Number(o.target.value))} /></label></div>
      <p class="buttons"><button onClick=${()=>z("start",b.value)}>${e("media.from_here")}</button><button onClick=${()=>z("end",b.value)}>${e("media.to_here")}</button>
        <button disabled=${u.value.end<=u.value.start} onClick=${()=>L(B,F).catch(h)}>${e("copy_url")}</button>
        ${u.value.end>u.value.start&&t`<a class="button" href=${X(B,F)}>${e("nav.playground")}</a>`}</p></fieldset>
    ${n&&t`<fieldset class="option"><legend>${e("media.poster")}</legend>
      <p class="small">${e("media.poster_at",{time:j(b.value)})}</p>
      <p class="buttons"><button onClick=${()=>L([...W,"rs:fit:1280"],"jpg").catch(h)}>${e("copy_url")}</button><a class="button" href=${X([...W,"rs:fit:640"],"webp")}>${e("nav.playground")}</a></p></fieldset>`}`}
  </div>`}async function D(s){await navigator.clipboard.writeText(s),O(e("copied"))}var p=({name:s,children:a})=>t`<div class="fact"><dt>${s}</dt><dd>${a}</dd></div>`;function ue({asset:s}){let a=s.facts,l=Object.entries(a?.exif??{});return t`<dl class="facts">
    ${s.filename&&t`<${p} name=${e("fact.filename")}>${s.filename}<//>`}
    ${a&&a.width>0&&t`<${p} name=${e("fact.sides")}>${M(a.width)} × ${M(a.height)}<//>`}
    <${p} name=${e("fact.size")}>${A(s.size)}${s.stored_size&&s.stored_size!==s.size?` (${e("fact.stored",{size:A(s.stored_size)})})`:""}<//>
    <${p} name=${e("fact.type")}>${s.media_type}<//>
    <${p} name=${e("fact.created")}>${Y(s.created,!0)}<//>
    ${a&&!a.streams?.length&&(a.frames??1)>1&&t`<${p} name=${e("fact.frames")}>${M(a.frames??1)}, ${M((a.duration_ms??0)/1e3)} s<//>`}
    ${(a?.streams??[]).length>0&&t`<${p} name=${e("fact.length")}>${j((a?.duration_ms??0)/1e3)}<//>
      ${a?.streams?.map(n=>t`<${p} name=${e(`stream.${n.type}`)}>${[n.codec,n.fps?`${M(Math.round(100*n.fps)/100)} fps`:"",n.frequency?`${M(n.frequency)} Hz`:"",n.bps?`${M(Math.round(n.bps/1e3))} kbit/s`:"",n.language==="und"?"":n.language].filter(Boolean).join(", ")}<//>`)}`}
    ${a?.color_space&&t`<${p} name=${e("fact.color_space")}>${a.color_space}, ${a.depth??8} bit${a.has_alpha?`, ${e("fact.alpha")}`:""}<//>`}
    ${a?.dominant_color&&t`<${p} name=${e("fact.color")}><span class="swatch" style=${{backgroundColor:a.dominant_color}}></span> <code>${a.dominant_color}</code><//>`}
    ${l.map(([n,r])=>t`<${p} name=${e(`exif.${n}`)}>${n==="exposure_time"&&Number(r)<1?`1/${Math.round(1/Number(r))}`:String(r)}<//>`)}
    <${p} name="SHA-256"><code class="break">${s.sha256}</code> <button class="link" onClick=${()=>D(s.sha256).catch(h)}>${e("copy")}</button><//>
    ${a?.blurhash&&t`<${p} name="BlurHash"><code class="break">${a.blurhash}</code> <button class="link" onClick=${()=>D(a.blurhash??"").catch(h)}>${e("copy")}</button><//>`}
    ${a?.thumbhash&&t`<${p} name="ThumbHash"><code class="break">${a.thumbhash}</code> <button class="link" onClick=${()=>D(a.thumbhash??"").catch(h)}>${e("copy")}</button><//>`}
  </dl>`}function $e({asset:s,aliases:a,onChange:l}){let n=m(""),r=m(""),g=async $=>{$.preventDefault(),r.value="";try{let c=n.value.trim().split("/").map(encodeURIComponent).join("/");await H("PUT",`/aliases/${c}`,{json:{sha256:s.sha256},headers:{"If-None-Match":"*"}}),n.value="",l()}catch(c){r.value=q(c)}};return t`<section aria-labelledby="names"><h2 id="names">${e("asset.names")}</h2>
    ${a.length?t`<ul class="names">${a.map($=>t`<li><a href=${w(`/aliases/${encodeURI($.name)}`)}>${$.name}</a>
          <span class="faint">v${$.version}</span> ${$.tags.map(c=>t`<a class="tag" href=${w(`/?q=${encodeURIComponent(`tag:${c}`)}`)}>${c}</a>`)}</li>`)}</ul>`:t`<p class="faint">${e("asset.unnamed")}</p>`}
    ${R.value?.role!=="read"&&s.state==="ready"&&t`<form class="line" onSubmit=${g}>
      <label>${e("asset.name")}<input value=${n} placeholder=${`${R.value?.prefix||"shop/"}…`} spellcheck=${!1} aria-describedby="name-error"
        onInput=${$=>{n.value=$.target.value}} /></label>
      <button class="primary" disabled=${!n.value.trim()}>${e("asset.give_name")}</button></form>
      <p id="name-error" class="error" role="alert">${r}</p>`}
  </section>`}function de({asset:s}){let a=m(null);return P(()=>{let l=new AbortController;return(async()=>{let{assets:r}=await N(`/assets/${s.sha256}/alike?limit=12`,l.signal),g=r.length?await C(r.map($=>({source:`asset://${$.asset.sha256}`,options:["rs:fill:240:240","g:sm"],format:"webp"})),l.signal):[];a.value=r.map(($,c)=>({...$,url:g[c].url??""}))})().catch(h),()=>l.abort()},[s.sha256]),a.value?.length?t`<section aria-labelledby="alike"><h2 id="alike">${e("asset.alike")}</h2><ul class="strip">
    ${a.value.map(l=>t`<li><a href=${w(`/assets/${l.asset.sha256}`)}><img src=${l.url||null} width="120" height="120" alt=${l.asset.filename||l.asset.sha256.slice(0,12)} />
      <span class="faint">${l.mirrored?e("asset.mirrored"):e("asset.distance",{distance:l.distance})}</span></a></li>`)}</ul></section>`:null}function Re(){let s=V.value.path.slice(8),a=m(null),l=m([]),n=m(null),r=m(null),g=m(!1),$=async()=>{let[u,k]=await Promise.all([N(`/assets/${s}`),N(`/assets/${s}/aliases`)]);if(a.value=u,l.value=k.aliases,u.state==="ready"&&!u.facts?.streams?.length){let T=Math.min(1600,Math.round(Math.min(innerWidth,1100)*Math.min(2,devicePixelRatio||1))),[x]=await C([{source:`asset://${s}`,options:[`rs:fit:${T}:${T}`],format:"webp"}]);n.value=x.url??"",x.detail&&h(new Error(x.detail))}},c=()=>{$().catch(u=>{r.value=u})};if(P(c,[s]),r.value)return t`<main class="page" id="main" tabindex="-1"><h1>${e("error.title")}</h1><p role="alert">${q(r.value)}</p><p><a href=${w("/")}>${e("nav.gallery")}</a></p></main>`;if(!a.value)return t`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${e("gallery.loading")}</h1></main>`;let i=a.value,v=i.facts,b=(v?.streams??[]).length>0,y=R.value?.role!=="read";return t`<main class="page asset" id="main" tabindex="-1">
    <p><a href=${w("/")}>← ${e("nav.gallery")}</a></p>
    <h1>${i.filename||l.value[0]?.name||i.sha256.slice(0,12)}</h1>
    ${i.state!=="ready"&&t`<p class="state" role="status">${e(`state.${i.state}`)}${i.reason?`: ${i.reason}`:""}</p>`}
    <div class="two">
      <div>
        ${b&&i.state==="ready"?t`<${ne} asset=${i} source=${l.value[0]?`alias://${l.value[0].name}`:`asset://${s}`} />`:t`<div class="frame" aria-busy=${i.state==="ready"&&n.value===null?"true":null} style=${{backgroundColor:v?.dominant_color??"",aspectRatio:v?`${v.width} / ${v.height}`:""}}>
            ${n.value&&t`<img src=${n.value} width=${v?.width} height=${v?.height} alt=${i.filename||e("asset.picture")} />`}
          </div>`}
        <p class="actions">
          ${i.state==="ready"&&t`${!b&&t`<button class="primary" onClick=${()=>ae(i).catch(h)}>${e("copy_url")}</button>
            <a class="button" href=${w(`/playground?source=${encodeURIComponent(l.value[0]?`alias://${l.value[0].name}`:`asset://${s}`)}&o=rs:fill:480:320&o=g:sm`)}>${e("nav.playground")}</a>`}
            <a class="button" download=${i.filename||i.sha256.slice(0,12)} href=${`${Q}/assets/${s}/content`}>${e("download")}</a>`}
          ${y&&i.state==="deleted"&&t`<button class="primary" onClick=${()=>H("POST",`/assets/${s}/restore`).then(c,h)}>${e("restore")}</button>`}
          ${y&&(i.state==="ready"||i.state==="quarantined")&&t`<button class="danger" onClick=${()=>{g.value=!0}}>${e("delete")}</button>`}
        </p>
        ${v?.phash&&t`<${de} asset=${i} />`}
      </div>
      <div>
        <${$e} asset=${i} aliases=${l.value} onChange=${c} />
        <section aria-labelledby="facts"><h2 id="facts">${e("asset.facts")}</h2><${ue} asset=${i} /></section>
      </div>
    </div>
    ${g.value&&t`<${Z} title=${e("delete.title",{count:1})} onClose=${()=>{g.value=!1}}>
      <p>${e("delete.help",{days:Math.round((R.value?.delete_grace??0)/86400)})}</p>
      <p class="actions"><button onClick=${()=>{g.value=!1}}>${e("cancel")}</button>
        <button class="danger" autofocus onClick=${()=>{g.value=!1,ee(te([i]),c).catch(h)}}>${e("delete")}</button></p>
    <//>`}
  </main>`}export{Re as AssetPage};
