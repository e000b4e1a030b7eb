import{a as T}from"./chunk-OOOBW67Z.js";import{a as o,b as L,d as j,g as n,j as D,k as F,l as K,m as d}from"./chunk-OFIMAYF2.js";import{e as x,f as A,g as E,k as p,o as O,p as U,q as I,r as R,v as M}from"./chunk-BKEQJMOD.js";var Y=[[1,1],[4,3],[16,9],[9,16],[21,9]],P=.01,q=150,S=t=>t.split("/").map(encodeURIComponent).join("/"),w=t=>Math.min(1,Math.max(0,Math.round(t*1e3)/1e3));function N({alias:t,saliency:i,onSave:$,disabled:c}){let l=p(t.focal??{x:.5,y:.5}),a=p(""),v=p([]),s=E(null),h=`asset://${t.asset.sha256}`;A(()=>{l.value=t.focal??{x:.5,y:.5}},[t.version]),x(()=>{M([{source:h,options:["rs:fit:900:900"],format:"webp"}]).then(([e])=>{a.value=e.url??""}).catch(d)},[h]);let{x:b,y}=l.value;x(()=>{let e=new AbortController,u=setTimeout(()=>{let g=Y.map(([k,C])=>{let B=240/Math.max(k,C);return{source:h,options:[`rs:fill:${Math.round(k*B)}:${Math.round(C*B)}`,`g:fp:${b}:${y}`],format:"webp"}});M(g,e.signal).then(k=>{v.value=k.map(C=>C.url??"")}).catch(d)},q);return()=>{clearTimeout(u),e.abort()}},[h,b,y]);let f=e=>{if(c||!(e.buttons&1))return;let u=s.current.getBoundingClientRect();l.value={x:w((e.clientX-u.left)/u.width),y:w((e.clientY-u.top)/u.height)}},r=e=>{let u={ArrowLeft:[-P,0],ArrowRight:[P,0],ArrowUp:[0,-P],ArrowDown:[0,P]};if(c||!(e.key in u))return;e.preventDefault();let g=l.value;l.value={x:w(g.x+u[e.key][0]),y:w(g.y+u[e.key][1])}},m=e=>`${Math.round(e*100)} %`;return o`<section aria-labelledby="focus"><h2 id="focus">${n("focus.title")}</h2><p class="faint">${n("focus.help")}</p>
    <div class="two">
      <div class="focus" ref=${s} onPointerDown=${e=>{s.current?.setPointerCapture(e.pointerId),f(e)}} onPointerMove=${f}
        style=${{aspectRatio:`${t.asset.width} / ${t.asset.height}`,maxWidth:`calc(62vh * ${t.asset.width/Math.max(1,t.asset.height)})`}}>
        ${a.value&&o`<img src=${a.value} alt=${t.name} draggable=${!1} />`}
        <button class="point" style=${{left:`${b*100}%`,top:`${y*100}%`}} onKeyDown=${r} aria-label=${n("focus.point",{x:m(b),y:m(y)})}></button>
      </div>
      <ul class="crops">${Y.map(([e,u],g)=>o`<li><div class="crop" style=${{aspectRatio:`${e} / ${u}`}}>
        ${v.value[g]&&o`<img src=${v.value[g]} alt=${n("focus.crop",{ratio:`${e}:${u}`})} />`}</div><span class="faint">${e}:${u}</span></li>`)}</ul>
    </div>
    ${!c&&o`<p class="actions">
      <button class="primary" onClick=${()=>$(l.value)}>${n("focus.save")}</button>
      ${i&&o`<button onClick=${()=>{l.value={x:w(i.x),y:w(i.y)}}}>${n("focus.saliency")}</button>`}
      ${t.focal&&o`<button onClick=${()=>$(null)}>${n("focus.clear")}</button>`}</p>`}
  </section>`}function V({alias:t,versions:i,onBack:$,disabled:c}){let l=p({}),a=p(null),v=[...new Set(i.map(s=>s.sha256??"").filter(Boolean))];return x(()=>{v.length&&M(v.slice(0,256).map(s=>({source:`asset://${s}`,options:["rs:fit:900:900"],format:"webp"}))).then(s=>{l.value=Object.fromEntries(v.map((h,b)=>[h,s[b]?.url??""]))}).catch(d)},[v.join()]),o`<section aria-labelledby="versions"><h2 id="versions">${n("versions.title")}</h2><ol class="strip">
    ${i.map(s=>o`<li class=${s.version===t.version?"now":""}>
      ${s.sha256&&l.value[s.sha256]?o`<img src=${l.value[s.sha256]} width="160" height="120" alt=${n("versions.picture",{version:s.version})} />`:o`<div class="gone">${s.sha256?"":n("versions.deleted")}</div>`}
      <strong>v${s.version}</strong> <span class="faint">${n(`action.${s.action}`)}</span>
      <span class="faint">${D(s.changed,!0)}<br />${s.by}</span>
      ${s.version===t.version?o`<span>${n("versions.now")}</span>`:s.sha256&&o`<span class="buttons">
        ${s.sha256!==t.asset.sha256&&o`<button onClick=${()=>{a.value=s}}>${n("versions.compare")}</button>`}
        ${!c&&o`<button onClick=${()=>$(s.version)}>${n("versions.back")}</button>`}</span>`}
    </li>`)}</ol>
    ${a.value&&o`<${T} wide title=${n("versions.compared",{version:a.value.version,now:t.version})} onClose=${()=>{a.value=null}}>
      <${W} left=${l.value[a.value.sha256??""]} right=${l.value[t.asset.sha256]} names=${[`v${a.value.version}`,`v${t.version}`]} /><//>`}
  </section>`}function W({left:t,right:i,names:$}){let c=p(50);return o`<div class="compare"><img src=${i} alt=${$[1]} /><img src=${t} alt=${$[0]} style=${{clipPath:`inset(0 ${100-c.value}% 0 0)`}} />
    <input type="range" min="0" max="100" value=${c} aria-label=${`${$[0]} | ${$[1]}`} onInput=${l=>{c.value=Number(l.target.value)}} /></div>`}function X({alias:t,disabled:i,onSave:$}){let c=p(t.tags.join(", "));return A(()=>{c.value=t.tags.join(", ")},[t.version]),o`<form class="line" onSubmit=${a=>{a.preventDefault(),$([...new Set(c.value.split(",").map(v=>v.trim()).filter(Boolean))])}}><label>${n("tags.label")}<input value=${c} disabled=${i} onInput=${a=>{c.value=a.target.value}} /></label>
    ${!i&&o`<button>${n("apply")}</button>`}</form>`}function et(){let t=decodeURIComponent(L.value.path.slice(9)),i=p(null),$=p([]),c=p(void 0),l=p(null),a=p(null),v=O.value?.role==="read",s=async()=>{let[r,m]=await Promise.all([R(`/aliases/${S(t)}`),v?{versions:[]}:R(`/versions/${S(t)}`)]);i.value=r,$.value=m.versions,c.value=r.asset.saliency??void 0};x(()=>{s().catch(r=>{l.value=r})},[t]);async function h(r){let m=i.value;try{await r(m.version),await s(),F(n("saved"))}catch(e){if(!(e instanceof U)||e.status!==412){d(e);return}await s().catch(d),a.value={before:m,repeat:()=>{a.value=null,h(r).catch(d)}}}}let b=r=>h(m=>{let e=i.value,u={sha256:e.asset.sha256,focal:e.focal,preset:e.preset,tags:e.tags,...r};return I("PUT",`/aliases/${S(t)}`,{json:u,headers:{"If-Match":`"${m}"`}})}),y=r=>h(m=>I("POST",`/versions/${S(t)}`,{json:{version:r},headers:{"If-Match":`"${m}"`}}));if(l.value)return o`<main class="page" id="main" tabindex="-1"><h1>${n("error.title")}</h1><p role="alert">${K(l.value)}</p><p><a href=${j("/")}>${n("nav.gallery")}</a></p></main>`;if(!i.value)return o`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${n("gallery.loading")}</h1></main>`;let f=i.value;return o`<main class="page" id="main" tabindex="-1">
    <p><a href=${j(`/assets/${f.asset.sha256}`)}>← ${n("alias.asset")}</a></p>
    <h1 class="break">${f.name}</h1>
    <p class="faint">${n("alias.version",{version:f.version})} · ${D(f.changed,!0)}</p>
    <${X} alias=${f} disabled=${v} onSave=${r=>b({tags:r}).catch(d)} />
    <${N} alias=${f} saliency=${c.value} disabled=${v} onSave=${r=>b({focal:r}).catch(d)} />
    ${$.value.length>0&&o`<${V} alias=${f} versions=${$.value} disabled=${v} onBack=${r=>y(r).catch(d)} />`}
    ${a.value&&o`<${T} title=${n("conflict.title")} onClose=${()=>{a.value=null}}>
      <p>${n("conflict.help",{before:a.value.before.version,now:f.version})}</p>
      <p class="actions"><button autofocus onClick=${()=>{a.value=null}}>${n("conflict.leave")}</button><button class="danger" onClick=${a.value.repeat}>${n("conflict.repeat")}</button></p><//>`}
  </main>`}export{et as AliasPage};
