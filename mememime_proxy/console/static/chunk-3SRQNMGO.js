import{a as ae,c as te,d as se}from"./chunk-FWA3Z2UO.js";import{a as ee}from"./chunk-KSXMXO7C.js";import{a as Y,c as w}from"./chunk-FKTCSDLQ.js";import{a as s,d as e,e as M,f as N,g as Z,h as H,i as A,j as d}from"./chunk-XVAK6PWY.js";import{e as _,g as j,k as p,o as V,p as I,r as O,s as z,w as C}from"./chunk-2DZIMCSW.js";var $e="/console/static/hls-1.7.4.js";function ne(t,a){if(!("MediaSource"in window||"ManagedMediaSource"in window))return t.src=a,()=>{};let n=null,l=!1,o=()=>n?.startLoad();return(async()=>{if(await import($e),l)return;let{Hls:u}=window;n=new u({enableWorker:!1,autoStartLoad:!1}),n.on(u.Events.ERROR,(c,r)=>{r.fatal&&d(new Error(r.details))}),n.loadSource(a),n.attachMedia(t),t.addEventListener("play",o,{once:!0}),t.addEventListener("seeking",o,{once:!0})})().catch(d),()=>{l=!0,t.removeEventListener("play",o),t.removeEventListener("seeking",o),n?.destroy()}}var E=10,le=E*E,S=160,de=20;function P(t){let a=Math.floor(t),n=`${Math.floor(a/60)%60}`.padStart(a>=3600?2:1,"0");return`${a>=3600?`${Math.floor(a/3600)}:`:""}${n}:${`${a%60}`.padStart(2,"0")}.${Math.floor(t*10%10)}`}var L=t=>Math.round(t*10)/10;function oe({asset:t,source:a}){let n=t.facts,l=n.media_type.startsWith("video/"),o=(n.duration_ms??0)/1e3,v=!l||(n.streams??[]).some(i=>i.type==="audio"),u=l?Math.max(2,2*Math.round(S*n.height/n.width/2)):0,c=p({}),r=j(null),b=j(null),g=p(0),y=p(null),$=p({start:0,end:Math.min(o,5)}),k=j(null);_(()=>{let i=new AbortController,m={stream:{source:a,options:[],format:"m3u8"},file:{source:a,options:[],format:l?"mp4":"m4a"},...l?{poster:{source:a,options:["vts:auto","rs:fit:1100:700"],format:"webp"},tiles:{source:a,options:[`vtt:-1:${E}:${E}:${S}:${u}`],format:"jpg"}}:{},...v?{waveform:{source:a,options:["wf:0"],format:"svg"}}:{}};return C(Object.values(m),i.signal).then(h=>{c.value=Object.fromEntries(Object.keys(m).map((ce,ue)=>[ce,h[ue].url??""]))}).catch(d),()=>i.abort()},[a]);function R(i){let m=b.current.getBoundingClientRect();return o*Math.min(1,Math.max(0,(i.clientX-m.left)/m.width))}let x=i=>{r.current&&(r.current.currentTime=i),g.value=i};function re(i){let m=R(i);y.value=m,!(k.current===null||!(i.buttons&1))&&($.value={start:L(Math.min(k.current,m)),end:L(Math.max(k.current,m))})}function ie(i){b.current?.setPointerCapture(i.pointerId),k.current=R(i),x(k.current)}function U(i,m){let h={...$.value,[i]:L(Math.min(o,Math.max(0,m)))};$.value=h.end>=h.start?h:{start:h[i],end:h[i]}}let q=async(i,m)=>{let[h]=await C([{source:a,options:i,format:m}]);if(!h.url)throw new Error(h.detail);await navigator.clipboard.writeText(h.url),H(e("copied"))},T=i=>`${o?100*i/o:0}%`,B=[`clip:${$.value.start}:${L($.value.end-$.value.start)}`],W=[`vts:${L(g.value)}`],F=l?"mp4":"m4a",X=(i,m)=>w(`/playground?${new URLSearchParams([["source",a],...i.map(h=>["o",h]),["format",m]])}`),G=o>de;_(()=>G&&r.current&&c.value.stream?ne(r.current,c.value.stream):void 0,[c.value.stream]);let J=!G&&c.value.file&&s`<source src=${c.value.file} type=${l?"video/mp4":"audio/mp4"} />`,K=()=>{g.value=r.current?.currentTime??0},Q=y.value===null||!o?0:Math.min(le-1,Math.floor(y.value/o*le));return s`<div class="media" aria-busy=${c.value.file===void 0?"true":null}>
    ${l?s`<video ref=${r} key=${c.value.file} class="frame" controls preload="none" poster=${c.value.poster||null} onTimeUpdate=${K}
          style=${{aspectRatio:`${n.width} / ${n.height}`}} aria-label=${t.filename||e("media.film")}>${J}</video>`:s`<audio ref=${r} key=${c.value.file} controls preload="none" onTimeUpdate=${K} aria-label=${t.filename||e("media.sound")}>${J}</audio>`}
    ${o>0&&s`<div class="timeline" ref=${b} onPointerDown=${ie} onPointerMove=${re} onPointerUp=${()=>{k.current=null}} onPointerLeave=${()=>{y.value=null}}>
      ${c.value.waveform&&s`<img class="waveform" src=${c.value.waveform} alt="" draggable=${!1} />`}
      <div class="part" style=${{left:T($.value.start),width:T($.value.end-$.value.start)}}></div>
      <div class="cursor" style=${{left:T(g.value)}}></div>
      ${y.value!==null&&s`<div class="peek" style=${{left:l?`clamp(${S/2+2}px, ${T(y.value)}, calc(100% - ${S/2+2}px))`:T(y.value)}}>
        ${c.value.tiles&&s`<div style=${{width:`${S}px`,height:`${u}px`,backgroundImage:`url("${c.value.tiles}")`,backgroundPosition:`-${Q%E*S}px -${Math.floor(Q/E)*u}px`}}></div>`}
        ${P(y.value)}</div>`}
    </div>
    <input class="wide-range" type="range" min="0" max=${o} step="0.1" value=${g} aria-label=${e("media.place")} aria-valuetext=${P(g.value)} onInput=${i=>x(Number(i.target.value))} />
    <p class="faint small">${e("media.help")}</p>
    <fieldset class="option"><legend>${e("media.clip")}</legend>
      <div class="fields">
        <label>${e("media.start")}<input type="number" min="0" max=${o} step="0.1" value=${$.value.start} onChange=${i=>U("start",Number(i.target.value))} /></label>
        <label>${e("media.end")}<input type="number" min="0" max=${o} step="0.1" value=${$.value.end} onChange=${i=>U("end",Number(i.target.value))} /></label></div>
      <p class="buttons"><button onClick=${()=>U("start",g.value)}>${e("media.from_here")}</button><button onClick=${()=>U("end",g.value)}>${e("media.to_here")}</button>
        <button disabled=${$.value.end<=$.value.start} onClick=${()=>q(B,F).catch(d)}>${e("copy_url")}</button>
        ${$.value.end>$.value.start&&s`<a class="button" href=${X(B,F)}>${e("nav.playground")}</a>`}</p></fieldset>
    ${l&&s`<fieldset class="option"><legend>${e("media.poster")}</legend>
      <p class="small">${e("media.poster_at",{time:P(g.value)})}</p>
      <p class="buttons"><button onClick=${()=>q([...W,"rs:fit:1280"],"jpg").catch(d)}>${e("copy_url")}</button><a class="button" href=${X([...W,"rs:fit:640"],"webp")}>${e("nav.playground")}</a></p></fieldset>`}`}
  </div>`}async function D(t){await navigator.clipboard.writeText(t),H(e("copied"))}var f=({name:t,children:a})=>s`<div class="fact"><dt>${t}</dt><dd>${a}</dd></div>`;function me({asset:t}){let a=t.facts,n=Object.entries(a?.exif??{});return s`<dl class="facts">
    ${t.filename&&s`<${f} name=${e("fact.filename")}>${t.filename}<//>`}
    ${a&&a.width>0&&s`<${f} name=${e("fact.sides")}>${M(a.width)} × ${M(a.height)}<//>`}
    <${f} name=${e("fact.size")}>${N(t.size)}${t.stored_size&&t.stored_size!==t.size?` (${e("fact.stored",{size:N(t.stored_size)})})`:""}<//>
    <${f} name=${e("fact.type")}>${t.media_type}<//>
    <${f} name=${e("fact.created")}>${Z(t.created,!0)}<//>
    ${a&&!a.streams?.length&&(a.frames??1)>1&&s`<${f} name=${e("fact.frames")}>${M(a.frames??1)}, ${M((a.duration_ms??0)/1e3)} s<//>`}
    ${(a?.streams??[]).length>0&&s`<${f} name=${e("fact.length")}>${P((a?.duration_ms??0)/1e3)}<//>
      ${a?.streams?.map(l=>s`<${f} name=${e(`stream.${l.type}`)}>${[l.codec,l.fps?`${M(Math.round(100*l.fps)/100)} fps`:"",l.frequency?`${M(l.frequency)} Hz`:"",l.bps?`${M(Math.round(l.bps/1e3))} kbit/s`:"",l.language==="und"?"":l.language].filter(Boolean).join(", ")}<//>`)}`}
    ${a?.color_space&&s`<${f} name=${e("fact.color_space")}>${a.color_space}, ${a.depth??8} bit${a.has_alpha?`, ${e("fact.alpha")}`:""}<//>`}
    ${a?.dominant_color&&s`<${f} name=${e("fact.color")}><span class="swatch" style=${{backgroundColor:a.dominant_color}}></span> <code>${a.dominant_color}</code><//>`}
    ${n.map(([l,o])=>s`<${f} name=${e(`exif.${l}`)}>${l==="exposure_time"&&Number(o)<1?`1/${Math.round(1/Number(o))}`:String(o)}<//>`)}
    <${f} name="SHA-256"><code class="break">${t.sha256}</code> <button class="link" onClick=${()=>D(t.sha256).catch(d)}>${e("copy")}</button><//>
    ${a?.blurhash&&s`<${f} name="BlurHash"><code class="break">${a.blurhash}</code> <button class="link" onClick=${()=>D(a.blurhash??"").catch(d)}>${e("copy")}</button><//>`}
    ${a?.thumbhash&&s`<${f} name="ThumbHash"><code class="break">${a.thumbhash}</code> <button class="link" onClick=${()=>D(a.thumbhash??"").catch(d)}>${e("copy")}</button><//>`}
  </dl>`}function pe({asset:t,aliases:a,onChange:n}){let l=p(""),o=p(""),v=async u=>{u.preventDefault(),o.value="";try{let c=l.value.trim().split("/").map(encodeURIComponent).join("/");await O("PUT",`/aliases/${c}`,{json:{sha256:t.sha256},headers:{"If-None-Match":"*"}}),l.value="",n()}catch(c){o.value=A(c)}};return s`<section aria-labelledby="names"><h2 id="names">${e("asset.names")}</h2>
    ${a.length?s`<ul class="names">${a.map(u=>s`<li><a href=${w(`/aliases/${encodeURI(u.name)}`)}>${u.name}</a>
          <span class="faint">v${u.version}</span> ${u.tags.map(c=>s`<a class="tag" href=${w(`/?q=${encodeURIComponent(`tag:${c}`)}`)}>${c}</a>`)}</li>`)}</ul>`:s`<p class="faint">${e("asset.unnamed")}</p>`}
    ${I.value?.role!=="read"&&t.state==="ready"&&s`<form class="line" onSubmit=${v}>
      <label>${e("asset.name")}<input value=${l} placeholder=${`${I.value?.prefix||"shop/"}…`} spellcheck=${!1} aria-describedby="name-error"
        onInput=${u=>{l.value=u.target.value}} /></label>
      <button class="primary" disabled=${!l.value.trim()}>${e("asset.give_name")}</button></form>
      <p id="name-error" class="error" role="alert">${o}</p>`}
  </section>`}function fe({asset:t}){let a=p(null);return _(()=>{let n=new AbortController;return(async()=>{let{assets:o}=await z(`/assets/${t.sha256}/alike?limit=12`,n.signal),v=o.length?await C(o.map(u=>({source:`asset://${u.asset.sha256}`,options:["rs:fill:240:240","g:sm"],format:"webp"})),n.signal):[];a.value=o.map((u,c)=>({...u,url:v[c].url??""}))})().catch(d),()=>n.abort()},[t.sha256]),a.value?.length?s`<section aria-labelledby="alike"><h2 id="alike">${e("asset.alike")}</h2><ul class="strip">
    ${a.value.map(n=>s`<li><a href=${w(`/assets/${n.asset.sha256}`)}><img src=${n.url||null} width="120" height="120" alt=${n.asset.filename||n.asset.sha256.slice(0,12)} />
      <span class="faint">${n.mirrored?e("asset.mirrored"):e("asset.distance",{distance:n.distance})}</span></a></li>`)}</ul></section>`:null}function He(){let t=Y.value.path.slice(8),a=p(null),n=p([]),l=p(null),o=p(null),v=p(!1),u=async()=>{let[$,k]=await Promise.all([z(`/assets/${t}`),z(`/assets/${t}/aliases`)]);if(a.value=$,n.value=k.aliases,$.state==="ready"&&!$.facts?.streams?.length){let R=Math.min(1600,Math.round(Math.min(innerWidth,1100)*Math.min(2,devicePixelRatio||1))),[x]=await C([{source:`asset://${t}`,options:[`rs:fit:${R}:${R}`],format:"webp"}]);l.value=x.url??"",x.detail&&d(new Error(x.detail))}},c=()=>{u().catch($=>{o.value=$})};if(_(c,[t]),o.value)return s`<main class="page" id="main" tabindex="-1"><h1>${e("error.title")}</h1><p role="alert">${A(o.value)}</p><p><a href=${w("/")}>${e("nav.gallery")}</a></p></main>`;if(!a.value)return s`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${e("gallery.loading")}</h1></main>`;let r=a.value,b=r.facts,g=(b?.streams??[]).length>0,y=I.value?.role!=="read";return s`<main class="page asset" id="main" tabindex="-1">
    <p><a href=${w("/")}>← ${e("nav.gallery")}</a></p>
    <h1>${r.filename||n.value[0]?.name||r.sha256.slice(0,12)}</h1>
    ${r.state!=="ready"&&s`<p class="state" role="status">${e(`state.${r.state}`)}${r.reason?`: ${r.reason}`:""}</p>`}
    <div class="two">
      <div>
        ${g&&r.state==="ready"?s`<${oe} asset=${r} source=${n.value[0]?`alias://${n.value[0].name}`:`asset://${t}`} />`:s`<div class="frame" aria-busy=${r.state==="ready"&&l.value===null?"true":null} style=${{backgroundColor:b?.dominant_color??"",aspectRatio:b?`${b.width} / ${b.height}`:""}}>
            ${l.value&&s`<img src=${l.value} width=${b?.width} height=${b?.height} alt=${r.filename||e("asset.picture")} />`}
          </div>`}
        <p class="actions">
          ${r.state==="ready"&&s`${!g&&s`<button class="primary" onClick=${()=>te(r).catch(d)}>${e("copy_url")}</button>
            <a class="button" href=${w(`/playground?source=${encodeURIComponent(n.value[0]?`alias://${n.value[0].name}`:`asset://${t}`)}&o=rs:fill:480:320&o=g:sm`)}>${e("nav.playground")}</a>`}
            <a class="button" download=${r.filename||r.sha256.slice(0,12)} href=${`${V}/assets/${t}/content`}>${e("download")}</a>`}
          ${y&&r.state==="deleted"&&s`<button class="primary" onClick=${()=>O("POST",`/assets/${t}/restore`).then(c,d)}>${e("restore")}</button>`}
          ${y&&(r.state==="ready"||r.state==="quarantined")&&s`<button class="danger" onClick=${()=>{v.value=!0}}>${e("delete")}</button>`}
        </p>
        ${b?.phash&&s`<${fe} asset=${r} />`}
      </div>
      <div>
        <${pe} asset=${r} aliases=${n.value} onChange=${c} />
        <section aria-labelledby="facts"><h2 id="facts">${e("asset.facts")}</h2><${me} asset=${r} /></section>
      </div>
    </div>
    ${v.value&&s`<${ee} title=${e("delete.title",{count:1})} onClose=${()=>{v.value=!1}}>
      <p>${e("delete.help",{days:Math.round((I.value?.delete_grace??0)/86400)})}</p>
      <p class="actions"><button onClick=${()=>{v.value=!1}}>${e("cancel")}</button>
        <button class="danger" autofocus onClick=${()=>{v.value=!1,ae(se([r]),c).catch(d)}}>${e("delete")}</button></p>
    <//>`}
  </main>`}export{He as AssetPage};
