import{b as rt,f as it,g as ct,h as ut}from"./chunk-MRK67EZ4.js";import"./chunk-UAITM3LB.js";import{a as Z}from"./chunk-6FFIFMM7.js";import{a as lt}from"./chunk-PRVOE5P6.js";import{a as tt,b as ot,c as U}from"./chunk-5BUQPANI.js";import{a as s,d as e,e as A,f as Y,g as st,h as j,i as et,j as p}from"./chunk-W7XH4LVP.js";import{e as D,g as N,h as at,k as w,o as nt,p as W,r as V,t as K,x as O}from"./chunk-J2T52GRY.js";function gt(a){let t=Uint8Array.from(atob(a),f=>f.charCodeAt(0)),n=t[0]|t[1]<<8|t[2]<<16,o=t[3]|t[4]<<8,l=n>>23,[$,m]=[l?5:7,Math.max(1,o&7)],[c,u]=o>>15?[$,m]:[m,$],_=2*(l?6:5),r=(f,g,S,E)=>{let C=[];for(let x=0;x<E;x+=1)for(let i=x?0:1;i*E<S*(E-x);i+=1){let v=t[_>>1]>>4*(_&1)&15;_+=1,C.push({row:x,column:i,value:2*g*(v/7.5-1)})}return{constant:f,waves:C}},d=r((n&63)/63,(n>>18&31)/31,Math.max(3,c),Math.max(3,u)),h=r((n>>6&63)/31.5-1,1.25*(o>>3&63)/63,3,3),k=r((n>>12&63)/31.5-1,1.25*(o>>9&63)/63,3,3),y=l?r((t[5]&15)/15,(t[5]>>4)/15,5,5):{constant:1,waves:[]},P=c/u,[R,I]=[Math.round(32*Math.min(1,P)),Math.round(32/Math.max(1,P))],H=f=>Array.from({length:7},(g,S)=>Array.from({length:f},(E,C)=>Math.cos(Math.PI/f*S*(C+.5)))),[J,T]=[H(R),H(I)],L=(f,g,S)=>f.waves.reduce((E,{row:C,column:x,value:i})=>E+i*J[x][g]*T[C][S],f.constant),B=new Uint8ClampedArray(4*R*I);for(let f=0;f<I;f+=1)for(let g=0;g<R;g+=1){let S=L(d,g,f),E=L(h,g,f),C=L(k,g,f),x=S-2/3*E,i=(3*S-x+C)/2;B.set([255*i,255*(i-C),255*x,255*L(y,g,f)].map(Math.round).map(v=>Math.max(0,Math.min(255,v))),4*(f*R+g))}return{width:R,height:I,rgba:B}}function $t(a){let{width:t,height:n,rgba:o}=gt(a),l=Object.assign(document.createElement("canvas"),{width:t,height:n});return l.getContext("2d").putImageData(new ImageData(o,t,n),0,0),l.toDataURL()}var Q=64,yt=["red","green","blue","light"];async function wt(a){await navigator.clipboard.writeText(a),j(e("copied"))}function mt({colors:a}){return s`<ul class="palette">${a.map(({color:t,share:n})=>s`<li style=${{flexGrow:Math.max(n,.02)}}>
    <button class="plain" style=${{backgroundColor:t}} aria-label=${e("palette.copy",{color:t,share:Math.round(100*n)})}
      title=${`${t}, ${A(Math.round(100*n))} %`} onClick=${()=>wt(t).catch(p)}></button></li>`)}</ul>
    <p class="faint swatches">${a.map(({color:t})=>s`<code>${t}</code> `)}</p>`}function dt({histogram:a}){let t=Uint8Array.from(atob(a),o=>o.charCodeAt(0)),n=o=>`0,255 ${[...t.subarray(Q*o,Q*(o+1))].map(($,m)=>`${m},${255-$} ${m+1},${255-$}`).join(" ")} ${Q},255`;return s`<svg class="histogram" viewBox="0 0 ${Q} 255" preserveAspectRatio="none" role="img" aria-label=${e("histogram.label")}>
    ${yt.map((o,l)=>s`<polygon class=${o} points=${n(l)} />`)}</svg>`}var xt="/console/static/hls-1.7.4.js";function pt(a,t){if(!("MediaSource"in window||"ManagedMediaSource"in window))return a.src=t,()=>{};let n=null,o=!1,l=()=>n?.startLoad();return(async()=>{if(await import(xt),o)return;let{Hls:m}=window;n=new m({enableWorker:!1,autoStartLoad:!1}),n.on(m.Events.ERROR,(c,u)=>{u.fatal&&p(new Error(u.details))}),n.loadSource(t),n.attachMedia(a),a.addEventListener("play",l,{once:!0}),a.addEventListener("seeking",l,{once:!0})})().catch(p),()=>{o=!0,a.removeEventListener("play",l),a.removeEventListener("seeking",l),n?.destroy()}}var q=10,ht=q*q,z=160,Mt=20;function G(a){let t=Math.floor(a),n=`${Math.floor(t/60)%60}`.padStart(t>=3600?2:1,"0");return`${t>=3600?`${Math.floor(t/3600)}:`:""}${n}:${`${t%60}`.padStart(2,"0")}.${Math.floor(a*10%10)}`}var F=a=>Math.round(a*10)/10;function ft({asset:a,source:t}){let n=a.facts,o=n.media_type.startsWith("video/"),l=(n.duration_ms??0)/1e3,$=!o||(n.streams??[]).some(i=>i.type==="audio"),m=o?Math.max(2,2*Math.round(z*n.height/n.width/2)):0,c=w({}),u=N(null),_=N(null),r=w(0),d=w(null),h=w({start:0,end:Math.min(l,5)}),k=N(null);D(()=>{let i=new AbortController,v={stream:{source:t,options:[],format:"m3u8"},file:{source:t,options:[],format:o?"mp4":"m4a"},...o?{poster:{source:t,options:["vts:auto","rs:fit:1100:700"],format:"webp"},tiles:{source:t,options:[`vtt:-1:${q}:${q}:${z}:${m}`],format:"jpg"}}:{},...$?{waveform:{source:t,options:["wf:0"],format:"svg"}}:{}};return O(Object.values(v),i.signal).then(M=>{c.value=Object.fromEntries(Object.keys(v).map((vt,bt)=>[vt,M[bt].url??""]))}).catch(p),()=>i.abort()},[t]);function y(i){let v=_.current.getBoundingClientRect();return l*Math.min(1,Math.max(0,(i.clientX-v.left)/v.width))}let P=i=>{u.current&&(u.current.currentTime=i),r.value=i};function R(i){let v=y(i);d.value=v,!(k.current===null||!(i.buttons&1))&&(h.value={start:F(Math.min(k.current,v)),end:F(Math.max(k.current,v))})}function I(i){_.current?.setPointerCapture(i.pointerId),k.current=y(i),P(k.current)}function H(i,v){let M={...h.value,[i]:F(Math.min(l,Math.max(0,v)))};h.value=M.end>=M.start?M:{start:M[i],end:M[i]}}let J=async(i,v)=>{let[M]=await O([{source:t,options:i,format:v}]);if(!M.url)throw new Error(M.detail);await navigator.clipboard.writeText(M.url),j(e("copied"))},T=i=>`${l?100*i/l:0}%`,L=[`clip:${h.value.start}:${F(h.value.end-h.value.start)}`],B=[`vts:${F(r.value)}`],f=o?"mp4":"m4a",g=(i,v)=>U(`/playground?${new URLSearchParams([["source",t],...i.map(M=>["o",M]),["format",v]])}`),S=l>Mt;D(()=>S&&u.current&&c.value.stream?pt(u.current,c.value.stream):void 0,[c.value.stream]);let E=!S&&c.value.file&&s`<source src=${c.value.file} type=${o?"video/mp4":"audio/mp4"} />`,C=()=>{r.value=u.current?.currentTime??0},x=d.value===null||!l?0:Math.min(ht-1,Math.floor(d.value/l*ht));return s`<div class="media" aria-busy=${c.value.file===void 0?"true":null}>
    ${o?s`<video ref=${u} key=${c.value.file} class="frame" controls preload="none" poster=${c.value.poster||null} onTimeUpdate=${C}
          style=${{aspectRatio:`${n.width} / ${n.height}`}} aria-label=${a.filename||e("media.film")}>${E}</video>`:s`<audio ref=${u} key=${c.value.file} controls preload="none" onTimeUpdate=${C} aria-label=${a.filename||e("media.sound")}>${E}</audio>`}
    ${l>0&&s`<div class="timeline" ref=${_} onPointerDown=${I} onPointerMove=${R} onPointerUp=${()=>{k.current=null}} onPointerLeave=${()=>{d.value=null}}>
      ${c.value.waveform&&s`<img class="waveform" src=${c.value.waveform} alt="" draggable=${!1} />`}
      <div class="part" style=${{left:T(h.value.start),width:T(h.value.end-h.value.start)}}></div>
      <div class="cursor" style=${{left:T(r.value)}}></div>
      ${d.value!==null&&s`<div class="peek" style=${{left:o?`clamp(${z/2+2}px, ${T(d.value)}, calc(100% - ${z/2+2}px))`:T(d.value)}}>
        ${c.value.tiles&&s`<div style=${{width:`${z}px`,height:`${m}px`,backgroundImage:`url("${c.value.tiles}")`,backgroundPosition:`-${x%q*z}px -${Math.floor(x/q)*m}px`}}></div>`}
        ${G(d.value)}</div>`}
    </div>
    <input class="wide-range" type="range" min="0" max=${l} step="0.1" value=${r} aria-label=${e("media.place")} aria-valuetext=${G(r.value)} onInput=${i=>P(Number(i.target.value))} />
    <p class="faint small">${e("media.help")}</p>
    <fieldset class="option"><legend>${e("media.clip")}</legend>
      <div class="fields">
        <label>${e("media.start")}<input type="number" min="0" max=${l} step="0.1" value=${h.value.start} onChange=${i=>H("start",Number(i.target.value))} /></label>
        <label>${e("media.end")}<input type="number" min="0" max=${l} step="0.1" value=${h.value.end} onChange=${i=>H("end",Number(i.target.value))} /></label></div>
      <p class="buttons"><button onClick=${()=>H("start",r.value)}>${e("media.from_here")}</button><button onClick=${()=>H("end",r.value)}>${e("media.to_here")}</button>
        <button disabled=${h.value.end<=h.value.start} onClick=${()=>J(L,f).catch(p)}>${e("copy_url")}</button>
        ${h.value.end>h.value.start&&s`<a class="button" href=${g(L,f)}>${e("nav.playground")}</a>`}</p></fieldset>
    ${o&&s`<fieldset class="option"><legend>${e("media.poster")}</legend>
      <p class="small">${e("media.poster_at",{time:G(r.value)})}</p>
      <p class="buttons"><button onClick=${()=>J([...B,"rs:fit:1280"],"jpg").catch(p)}>${e("copy_url")}</button><a class="button" href=${g([...B,"rs:fit:640"],"webp")}>${e("nav.playground")}</a></p></fieldset>`}`}
  </div>`}async function X(a){await navigator.clipboard.writeText(a),j(e("copied"))}var b=({name:a,children:t})=>s`<div class="fact"><dt>${a}</dt><dd>${t}</dd></div>`;function kt({hash:a,color:t}){let n=at(()=>$t(a),[a]),o=`background: ${t?`${t} `:""}url("${n}") center / 100% 100% no-repeat;`;return s`<span class="placeholder"><img src=${n} alt="" /> <button class="link" onClick=${()=>X(n).catch(p)}>${e("placeholder.uri")}</button>
    <button class="link" onClick=${()=>X(o).catch(p)}>${e("placeholder.css")}</button></span>`}function Ct({asset:a}){let t=a.facts,n=Object.entries(t?.exif??{});return s`<dl class="facts">
    ${a.filename&&s`<${b} name=${e("fact.filename")}>${a.filename}<//>`}
    ${t&&t.width>0&&s`<${b} name=${e("fact.sides")}>${A(t.width)} × ${A(t.height)}<//>`}
    <${b} name=${e("fact.size")}>${Y(a.size)}${a.stored_size&&a.stored_size!==a.size?` (${e("fact.stored",{size:Y(a.stored_size)})})`:""}<//>
    <${b} name=${e("fact.type")}>${a.media_type}<//>
    <${b} name=${e("fact.created")}>${st(a.created,!0)}<//>
    ${t&&!t.streams?.length&&(t.frames??1)>1&&s`<${b} name=${e("fact.frames")}>${A(t.frames??1)}, ${A((t.duration_ms??0)/1e3)} s<//>`}
    ${(t?.streams??[]).length>0&&s`<${b} name=${e("fact.length")}>${G((t?.duration_ms??0)/1e3)}<//>
      ${t?.streams?.map(o=>s`<${b} name=${e(`stream.${o.type}`)}>${[o.codec,o.fps?`${A(Math.round(100*o.fps)/100)} fps`:"",o.frequency?`${A(o.frequency)} Hz`:"",o.bps?`${A(Math.round(o.bps/1e3))} kbit/s`:"",o.language==="und"?"":o.language].filter(Boolean).join(", ")}<//>`)}`}
    ${t?.color_space&&s`<${b} name=${e("fact.color_space")}>${t.color_space}, ${t.depth??8} bit${t.has_alpha?`, ${e("fact.alpha")}`:""}<//>`}
    ${t?.dominant_color&&s`<${b} name=${e("fact.color")}><span class="swatch" style=${{backgroundColor:t.dominant_color}}></span> <code>${t.dominant_color}</code><//>`}
    ${(t?.palette??[]).length>0&&s`<${b} name=${e("fact.palette")}><${mt} colors=${t?.palette} /><//>`}
    ${t?.histogram&&s`<${b} name=${e("fact.histogram")}><${dt} histogram=${t.histogram} /><//>`}
    ${n.map(([o,l])=>s`<${b} name=${e(`exif.${o}`)}>${o==="exposure_time"&&Number(l)<1?`1/${Math.round(1/Number(l))}`:String(l)}<//>`)}
    <${b} name="SHA-256"><code class="break">${a.sha256}</code> <button class="link" onClick=${()=>X(a.sha256).catch(p)}>${e("copy")}</button><//>
    ${t?.blurhash&&s`<${b} name="BlurHash"><code class="break">${t.blurhash}</code> <button class="link" onClick=${()=>X(t.blurhash??"").catch(p)}>${e("copy")}</button><//>`}
    ${t?.thumbhash&&s`<${b} name="ThumbHash"><code class="break">${t.thumbhash}</code> <button class="link" onClick=${()=>X(t.thumbhash??"").catch(p)}>${e("copy")}</button><//>`}
    ${t?.thumbhash&&s`<${b} name=${e("fact.placeholder")}><${kt} hash=${t.thumbhash} color=${t.dominant_color??""} /><//>`}
  </dl>`}function _t({asset:a,aliases:t,field:n,onChange:o}){let l=w(""),$=w(""),m=async c=>{c.preventDefault(),$.value="";try{let u=l.value.trim().split("/").map(encodeURIComponent).join("/");await V("PUT",`/aliases/${u}`,{json:{sha256:a.sha256},headers:{"If-None-Match":"*"}}),l.value="",o()}catch(u){$.value=et(u)}};return s`<section aria-labelledby="names"><h2 id="names">${e("asset.names")}</h2>
    ${t.length?s`<ul class="names">${t.map(c=>s`<li><a href=${U(`/aliases/${encodeURI(c.name)}`)}>${c.name}</a>
          <span class="faint">v${c.version}</span> ${c.tags.map(u=>s`<a class="tag" href=${U(`/?q=${encodeURIComponent(`tag:${u}`)}`)}>${u}</a>`)}</li>`)}</ul>`:a.state==="ready"&&s`<p class="faint">${e("asset.unnamed")}</p>`}
    ${W.value?.role!=="read"&&a.state==="ready"&&s`<form class="line" onSubmit=${m}>
      <label>${e("asset.name")}<input ref=${n} value=${l} placeholder=${`${W.value?.prefix||"shop/"}…`} spellcheck=${!1} aria-describedby="name-error"
        onInput=${c=>{l.value=c.target.value}} /></label>
      <button class="primary" disabled=${!l.value.trim()}>${e("asset.give_name")}</button></form>
      <p id="name-error" class="error" role="alert">${$}</p>`}
  </section>`}function St({asset:a}){let t=w(null);return D(()=>{let n=new AbortController;return(async()=>{let{assets:l}=await K(`/assets/${a.sha256}/alike?limit=12`,n.signal),$=l.length?await O(l.map(m=>({source:`asset://${m.asset.sha256}`,options:["rs:fill:240:240","g:sm"],format:"webp"})),n.signal):[];t.value=l.map((m,c)=>({...m,url:$[c].url??""}))})().catch(p),()=>n.abort()},[a.sha256]),t.value?.length?s`<section aria-labelledby="alike"><h2 id="alike">${e("asset.alike")}</h2><ul class="strip">
    ${t.value.map(n=>s`<li><a href=${U(`/assets/${n.asset.sha256}`)}><img src=${n.url||null} width="120" height="120" alt=${Z(n.asset)} />
      <span class="faint">${n.mirrored?e("asset.mirrored"):e("asset.distance",{distance:n.distance})}</span></a></li>`)}</ul></section>`:null}function ne(){let a=tt.value.path.slice(8),t=w(null),n=w([]),o=w(null),l=w(null),$=w(!1),m=N(null),c=()=>{n.value.length?ot(`/aliases/${encodeURI(n.value[0].name)}?focus=1`):(m.current?.focus(),j(e("asset.name_first")))},u=async()=>{let[y,P]=await Promise.all([K(`/assets/${a}`),K(`/assets/${a}/aliases`)]);if(t.value=y,n.value=P.aliases,y.state==="ready"&&!y.facts?.streams?.length){let R=Math.min(1600,Math.round(Math.min(innerWidth,1100)*Math.min(2,devicePixelRatio||1))),[I]=await O([{source:`asset://${a}`,options:[`rs:fit:${R}:${R}`],format:"webp"}]);o.value=I.url??"",I.detail&&p(new Error(I.detail))}},_=()=>{u().catch(y=>{l.value=y})};if(D(()=>{u().then(()=>{tt.value.query.has("focus")&&c()},y=>{l.value=y})},[a]),l.value)return s`<main class="page" id="main" tabindex="-1"><h1>${e("error.title")}</h1><p role="alert">${et(l.value)}</p><p><a href=${U("/")}>${e("nav.gallery")}</a></p></main>`;if(!t.value)return s`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${e("gallery.loading")}</h1></main>`;let r=t.value,d=r.facts,h=(d?.streams??[]).length>0,k=W.value?.role!=="read";return s`<main class="page asset" id="main" tabindex="-1">
    <p><a href=${U("/")}>← ${e("nav.gallery")}</a></p>
    <h1>${r.filename||n.value[0]?.name||Z(r)}</h1>
    ${r.state!=="ready"&&s`<p class="state" role="status">${e(`state.${r.state}`)}${r.reason?`: ${r.reason}`:""}</p>`}
    <div class="two">
      <div>
        ${h&&r.state==="ready"?s`<${ft} asset=${r} source=${n.value[0]?`alias://${n.value[0].name}`:`asset://${a}`} />`:s`<div class="frame" aria-busy=${r.state==="ready"&&o.value===null?"true":null} style=${{backgroundColor:d?.dominant_color??"",aspectRatio:d?`${d.width} / ${d.height}`:"",maxWidth:d?.width?`${d.width}px`:""}}>
            ${o.value&&s`<img src=${o.value} width=${d?.width} height=${d?.height} alt=${r.filename||e("asset.picture")} />`}
          </div>`}
        <p class="actions">
          ${r.state==="ready"&&s`${!h&&s`<button class="primary" onClick=${()=>it(r).catch(p)}>${e("copy_url")}</button>
            <button onClick=${()=>ct(r).catch(p)}>${e("copy_srcset")}</button>
            ${k&&s`<button onClick=${c}>${e("focus.title")}</button>`}
            <a class="button" href=${U(`/playground?source=${encodeURIComponent(n.value[0]?`alias://${n.value[0].name}`:`asset://${a}`)}&o=rs:fill:480:320&o=g:sm`)}>${e("nav.playground")}</a>`}
            <a class="button" download=${r.filename||r.sha256.slice(0,12)} href=${`${nt}/assets/${a}/content`}>${e("download")}</a>`}
          ${k&&r.state==="deleted"&&s`<button class="primary" onClick=${()=>V("POST",`/assets/${a}/restore`).then(_,p)}>${e("restore")}</button>`}
          ${k&&(r.state==="ready"||r.state==="quarantined")&&s`<button class="danger" onClick=${()=>{$.value=!0}}>${e("delete")}</button>`}
        </p>
        ${d?.phash&&s`<${St} asset=${r} />`}
      </div>
      <div>
        <${_t} asset=${r} aliases=${n.value} field=${m} onChange=${_} />
        <section aria-labelledby="facts"><h2 id="facts">${e("asset.facts")}</h2><${Ct} asset=${r} /></section>
      </div>
    </div>
    ${$.value&&s`<${lt} title=${e("alias.delete_title",{name:r.filename||r.sha256.slice(0,12)})} onClose=${()=>{$.value=!1}}>
      <p>${e(n.value.length?"delete.help_named":"delete.help",{days:Math.round((W.value?.delete_grace??0)/86400),names:n.value.map(y=>y.name).join(", ")})}</p>
      <p class="actions"><button onClick=${()=>{$.value=!1}}>${e("cancel")}</button>
        <button class="danger" autofocus onClick=${()=>{$.value=!1,rt(ut([r]),_,n.value).catch(p)}}>${e("delete")}</button></p>
    <//>`}
  </main>`}export{ne as AssetPage};
