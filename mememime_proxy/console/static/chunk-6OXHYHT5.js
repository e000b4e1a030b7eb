import{a as N,c as T,d as j}from"./chunk-MWUNRLYG.js";import{a as A}from"./chunk-OJMNIWAU.js";import{a as S,c as h}from"./chunk-K72OKJYN.js";import{a as s,d as a,e as b,f as C,g as U,h as P,i as x,j as m}from"./chunk-RTSN7GSG.js";import{e as k,k as d,n as I,o as f,q as w,r as g,v as _}from"./chunk-BKEQJMOD.js";async function z(t){await navigator.clipboard.writeText(t),P(a("copied"))}var $=({name:t,children:e})=>s`<div class="fact"><dt>${t}</dt><dd>${e}</dd></div>`;function E({asset:t}){let e=t.facts,n=Object.entries(e?.exif??{});return s`<dl class="facts">
    ${t.filename&&s`<${$} name=${a("fact.filename")}>${t.filename}<//>`}
    ${e&&s`<${$} name=${a("fact.sides")}>${b(e.width)} × ${b(e.height)}<//>`}
    <${$} name=${a("fact.size")}>${C(t.size)}${t.stored_size&&t.stored_size!==t.size?` (${a("fact.stored",{size:C(t.stored_size)})})`:""}<//>
    <${$} name=${a("fact.type")}>${t.media_type}<//>
    <${$} name=${a("fact.created")}>${U(t.created,!0)}<//>
    ${e&&(e.frames??1)>1&&s`<${$} name=${a("fact.frames")}>${b(e.frames??1)}, ${b((e.duration_ms??0)/1e3)} s<//>`}
    ${e?.color_space&&s`<${$} name=${a("fact.color_space")}>${e.color_space}, ${e.depth??8} bit${e.has_alpha?`, ${a("fact.alpha")}`:""}<//>`}
    ${e?.dominant_color&&s`<${$} name=${a("fact.color")}><span class="swatch" style=${{backgroundColor:e.dominant_color}}></span> <code>${e.dominant_color}</code><//>`}
    ${n.map(([r,o])=>s`<${$} name=${a(`exif.${r}`)}>${r==="exposure_time"&&Number(o)<1?`1/${Math.round(1/Number(o))}`:String(o)}<//>`)}
    <${$} name="SHA-256"><code class="break">${t.sha256}</code> <button class="link" onClick=${()=>z(t.sha256).catch(m)}>${a("copy")}</button><//>
    ${e?.blurhash&&s`<${$} name="BlurHash"><code class="break">${e.blurhash}</code> <button class="link" onClick=${()=>z(e.blurhash??"").catch(m)}>${a("copy")}</button><//>`}
    ${e?.thumbhash&&s`<${$} name="ThumbHash"><code class="break">${e.thumbhash}</code> <button class="link" onClick=${()=>z(e.thumbhash??"").catch(m)}>${a("copy")}</button><//>`}
  </dl>`}function H({asset:t,aliases:e,onChange:n}){let r=d(""),o=d(""),u=async i=>{i.preventDefault(),o.value="";try{let c=r.value.trim().split("/").map(encodeURIComponent).join("/");await w("PUT",`/aliases/${c}`,{json:{sha256:t.sha256},headers:{"If-None-Match":"*"}}),r.value="",n()}catch(c){o.value=x(c)}};return s`<section aria-labelledby="names"><h2 id="names">${a("asset.names")}</h2>
    ${e.length?s`<ul class="names">${e.map(i=>s`<li><a href=${h(`/aliases/${encodeURI(i.name)}`)}>${i.name}</a>
          <span class="faint">v${i.version}</span> ${i.tags.map(c=>s`<a class="tag" href=${h(`/?q=${encodeURIComponent(`tag:${c}`)}`)}>${c}</a>`)}</li>`)}</ul>`:s`<p class="faint">${a("asset.unnamed")}</p>`}
    ${f.value?.role!=="read"&&t.state==="ready"&&s`<form class="line" onSubmit=${u}>
      <label>${a("asset.name")}<input value=${r} placeholder=${`${f.value?.prefix||"shop/"}…`} spellcheck=${!1} aria-describedby="name-error"
        onInput=${i=>{r.value=i.target.value}} /></label>
      <button class="primary" disabled=${!r.value.trim()}>${a("asset.give_name")}</button></form>
      <p id="name-error" class="error" role="alert">${o}</p>`}
  </section>`}function B({asset:t}){let e=d(null);return k(()=>{let n=new AbortController;return(async()=>{let{assets:o}=await g(`/assets/${t.sha256}/alike?limit=12`,n.signal),u=o.length?await _(o.map(i=>({source:`asset://${i.asset.sha256}`,options:["rs:fill:240:240","g:sm"],format:"webp"})),n.signal):[];e.value=o.map((i,c)=>({...i,url:u[c].url??""}))})().catch(m),()=>n.abort()},[t.sha256]),e.value?.length?s`<section aria-labelledby="alike"><h2 id="alike">${a("asset.alike")}</h2><ul class="strip">
    ${e.value.map(n=>s`<li><a href=${h(`/assets/${n.asset.sha256}`)}><img src=${n.url||null} width="120" height="120" alt=${n.asset.filename||n.asset.sha256.slice(0,12)} />
      <span class="faint">${n.mirrored?a("asset.mirrored"):a("asset.distance",{distance:n.distance})}</span></a></li>`)}</ul></section>`:null}function V(){let t=S.value.path.slice(8),e=d(null),n=d([]),r=d(""),o=d(null),u=d(!1),i=async()=>{let[v,q]=await Promise.all([g(`/assets/${t}`),g(`/assets/${t}/aliases`)]);if(e.value=v,n.value=q.aliases,v.state==="ready"){let R=Math.min(1600,Math.round(Math.min(innerWidth,1100)*Math.min(2,devicePixelRatio||1))),[y]=await _([{source:`asset://${t}`,options:[`rs:fit:${R}:${R}`],format:"webp"}]);r.value=y.url??"",y.detail&&m(new Error(y.detail))}},c=()=>{i().catch(v=>{o.value=v})};if(k(c,[t]),o.value)return s`<main class="page" id="main" tabindex="-1"><h1>${a("error.title")}</h1><p role="alert">${x(o.value)}</p><p><a href=${h("/")}>${a("nav.gallery")}</a></p></main>`;if(!e.value)return s`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${a("gallery.loading")}</h1></main>`;let l=e.value,p=l.facts,M=f.value?.role!=="read";return s`<main class="page asset" id="main" tabindex="-1">
    <p><a href=${h("/")}>← ${a("nav.gallery")}</a></p>
    <h1>${l.filename||n.value[0]?.name||l.sha256.slice(0,12)}</h1>
    ${l.state!=="ready"&&s`<p class="state" role="status">${a(`state.${l.state}`)}${l.reason?`: ${l.reason}`:""}</p>`}
    <div class="two">
      <div>
        <div class="frame" style=${{backgroundColor:p?.dominant_color??"",aspectRatio:p?`${p.width} / ${p.height}`:""}}>
          ${r.value&&s`<img src=${r.value} width=${p?.width} height=${p?.height} alt=${l.filename||a("asset.picture")} />`}
        </div>
        <p class="actions">
          ${l.state==="ready"&&s`<button class="primary" onClick=${()=>T(l).catch(m)}>${a("copy_url")}</button>
            <a class="button" href=${h(`/playground?source=${encodeURIComponent(n.value[0]?`alias://${n.value[0].name}`:`asset://${t}`)}&o=rs:fill:480:320&o=g:sm`)}>${a("nav.playground")}</a>
            <a class="button" download=${l.filename||l.sha256.slice(0,12)} href=${`${I}/assets/${t}/content`}>${a("download")}</a>`}
          ${M&&l.state==="deleted"&&s`<button class="primary" onClick=${()=>w("POST",`/assets/${t}/restore`).then(c,m)}>${a("restore")}</button>`}
          ${M&&(l.state==="ready"||l.state==="quarantined")&&s`<button class="danger" onClick=${()=>{u.value=!0}}>${a("delete")}</button>`}
        </p>
        <${B} asset=${l} />
      </div>
      <div>
        <${H} asset=${l} aliases=${n.value} onChange=${c} />
        <section aria-labelledby="facts"><h2 id="facts">${a("asset.facts")}</h2><${E} asset=${l} /></section>
      </div>
    </div>
    ${u.value&&s`<${A} title=${a("delete.title",{count:1})} onClose=${()=>{u.value=!1}}>
      <p>${a("delete.help",{days:Math.round((f.value?.delete_grace??0)/86400)})}</p>
      <p class="actions"><button onClick=${()=>{u.value=!1}}>${a("cancel")}</button>
        <button class="danger" autofocus onClick=${()=>{u.value=!1,N(j([l]),c).catch(m)}}>${a("delete")}</button></p>
    <//>`}
  </main>`}export{V as AssetPage};
