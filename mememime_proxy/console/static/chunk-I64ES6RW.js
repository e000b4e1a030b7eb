import{a as q}from"./chunk-RK4MXFJZ.js";import{a as T}from"./chunk-4R3UABHZ.js";import{a as F,c as P}from"./chunk-FKTCSDLQ.js";import{a as n,d as o,g as D,h as K,i as Y,j as d}from"./chunk-6H4XDVXD.js";import{e as C,f as I,g as U,k as p,p as O,q as L,r as S,s as j,w as M}from"./chunk-2DZIMCSW.js";var B=[[1,1],[4,3],[16,9],[9,16],[21,9]],R=.01,V=150,A=t=>t.split("/").map(encodeURIComponent).join("/"),x=t=>Math.min(1,Math.max(0,Math.round(t*1e3)/1e3));function W({alias:t,saliency:u,onSave:m,disabled:$}){let r=p(t.focal??{x:.5,y:.5}),a=p(""),i=p([]),s=U(null),h=`asset://${t.asset.sha256}`;I(()=>{r.value=t.focal??{x:.5,y:.5}},[t.version]),C(()=>{M([{source:h,options:["rs:fit:900:900"],format:"webp"}]).then(([e])=>{a.value=e.url??""}).catch(d)},[h]);let{x:b,y}=r.value;C(()=>{let e=new AbortController,c=setTimeout(()=>{let g=B.map(([w,k])=>{let E=240/Math.max(w,k);return{source:h,options:[`rs:fill:${Math.round(w*E)}:${Math.round(k*E)}`,`g:fp:${b}:${y}`],format:"webp"}});M(g,e.signal).then(w=>{i.value=w.map(k=>k.url??"")}).catch(w=>{e.signal.aborted||(i.value=B.map(()=>"")),d(w)})},V);return()=>{clearTimeout(c),e.abort()}},[h,b,y]);let v=e=>{if($||!(e.buttons&1))return;let c=s.current.getBoundingClientRect();r.value={x:x((e.clientX-c.left)/c.width),y:x((e.clientY-c.top)/c.height)}},l=e=>{let c={ArrowLeft:[-R,0],ArrowRight:[R,0],ArrowUp:[0,-R],ArrowDown:[0,R]};if($||!(e.key in c))return;e.preventDefault();let g=r.value;r.value={x:x(g.x+c[e.key][0]),y:x(g.y+c[e.key][1])}},f=e=>`${Math.round(e*100)} %`;return n`<section aria-labelledby="focus"><h2 id="focus">${o("focus.title")}</h2><p class="faint">${o("focus.help")}</p>
    <div class="two">
      <div class="focus" ref=${s} onPointerDown=${e=>{s.current?.setPointerCapture(e.pointerId),v(e)}} onPointerMove=${v}
        style=${{aspectRatio:`${t.asset.width} / ${t.asset.height}`,maxWidth:`calc(62vh * ${t.asset.width/Math.max(1,t.asset.height)})`}}>
        ${a.value&&n`<img src=${a.value} alt=${t.name} draggable=${!1} />`}
        <button class="point" style=${{left:`${b*100}%`,top:`${y*100}%`}} onKeyDown=${l} aria-label=${o("focus.point",{x:f(b),y:f(y)})}></button>
      </div>
      <ul class="crops" aria-busy=${i.value.length?null:"true"}>${B.map(([e,c],g)=>n`<li><div class="crop" style=${{aspectRatio:`${e} / ${c}`}}>
        ${i.value[g]&&n`<img src=${i.value[g]} alt=${o("focus.crop",{ratio:`${e}:${c}`})} />`}</div><span class="faint">${e}:${c}</span></li>`)}</ul>
    </div>
    ${!$&&n`<p class="actions">
      <button class="primary" onClick=${()=>m(r.value)}>${o("focus.save")}</button>
      ${u&&n`<button onClick=${()=>{r.value={x:x(u.x),y:x(u.y)}}}>${o("focus.saliency")}</button>`}
      ${t.focal&&n`<button onClick=${()=>m(null)}>${o("focus.clear")}</button>`}</p>`}
  </section>`}function X({alias:t,versions:u,onBack:m,disabled:$}){let r=p({}),a=p(null),i=[...new Set(u.map(s=>s.sha256??"").filter(Boolean))];return C(()=>{i.length&&M(i.slice(0,256).map(s=>({source:`asset://${s}`,options:["rs:fit:900:900"],format:"webp"}))).then(s=>{r.value=Object.fromEntries(i.map((h,b)=>[h,s[b]?.url??""]))}).catch(d)},[i.join()]),n`<section aria-labelledby="versions"><h2 id="versions">${o("versions.title")}</h2><ol class="strip">
    ${u.map(s=>n`<li class=${s.version===t.version?"now":""}>
      ${s.sha256&&r.value[s.sha256]?n`<img src=${r.value[s.sha256]} width="160" height="120" alt=${o("versions.picture",{version:s.version})} />`:n`<div class="gone">${s.sha256?"":o("versions.deleted")}</div>`}
      <strong>v${s.version}</strong> <span class="faint">${o(`action.${s.action}`)}</span>
      <span class="faint">${D(s.changed,!0)}<br />${s.by}</span>
      ${s.version===t.version?n`<span>${o("versions.now")}</span>`:s.sha256&&n`<span class="buttons">
        ${s.sha256!==t.asset.sha256&&n`<button onClick=${()=>{a.value=s}}>${o("versions.compare")}</button>`}
        ${!$&&n`<button onClick=${()=>m(s.version)}>${o("versions.back")}</button>`}</span>`}
    </li>`)}</ol>
    ${a.value&&n`<${T} wide title=${o("versions.compared",{version:a.value.version,now:t.version})} onClose=${()=>{a.value=null}}>
      <${q} left=${r.value[a.value.sha256??""]} right=${r.value[t.asset.sha256]} names=${[`v${a.value.version}`,`v${t.version}`]} /><//>`}
  </section>`}function z({alias:t,disabled:u,onSave:m}){let $=p(t.tags.join(", "));return I(()=>{$.value=t.tags.join(", ")},[t.version]),n`<form class="line" onSubmit=${a=>{a.preventDefault(),m([...new Set($.value.split(",").map(i=>i.trim()).filter(Boolean))])}}><label>${o("tags.label")}<input value=${$} disabled=${u} onInput=${a=>{$.value=a.target.value}} /></label>
    ${!u&&n`<button>${o("apply")}</button>`}</form>`}function se(){let t=decodeURIComponent(F.value.path.slice(9)),u=p(null),m=p([]),$=p(void 0),r=p(null),a=p(null),i=O.value?.role==="read",s=async()=>{let[l,f]=await Promise.all([j(`/aliases/${A(t)}`),i?{versions:[]}:j(`/versions/${A(t)}`)]);u.value=l,m.value=f.versions,$.value=l.asset.saliency??void 0};C(()=>{s().catch(l=>{r.value=l})},[t]);async function h(l){let f=u.value;try{await l(f.version),await s(),K(o("saved"))}catch(e){if(!(e instanceof L)||e.status!==412){d(e);return}await s().catch(d),a.value={before:f,repeat:()=>{a.value=null,h(l).catch(d)}}}}let b=l=>h(f=>{let e=u.value,c={sha256:e.asset.sha256,focal:e.focal,preset:e.preset,tags:e.tags,...l};return S("PUT",`/aliases/${A(t)}`,{json:c,headers:{"If-Match":`"${f}"`}})}),y=l=>h(f=>S("POST",`/versions/${A(t)}`,{json:{version:l},headers:{"If-Match":`"${f}"`}}));if(r.value)return n`<main class="page" id="main" tabindex="-1"><h1>${o("error.title")}</h1><p role="alert">${Y(r.value)}</p><p><a href=${P("/")}>${o("nav.gallery")}</a></p></main>`;if(!u.value)return n`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${o("gallery.loading")}</h1></main>`;let v=u.value;return n`<main class="page" id="main" tabindex="-1">
    <p><a href=${P(`/assets/${v.asset.sha256}`)}>← ${o("alias.asset")}</a></p>
    <h1 class="break">${v.name}</h1>
    <p class="faint">${o("alias.version",{version:v.version})} · ${D(v.changed,!0)} · <a href=${P(`/playground?source=${encodeURIComponent(`alias://${v.name}`)}&o=rs:fill:480:320`)}>${o("nav.playground")}</a></p>
    <${z} alias=${v} disabled=${i} onSave=${l=>b({tags:l}).catch(d)} />
    <${W} alias=${v} saliency=${$.value} disabled=${i} onSave=${l=>b({focal:l}).catch(d)} />
    ${m.value.length>0&&n`<${X} alias=${v} versions=${m.value} disabled=${i} onBack=${l=>y(l).catch(d)} />`}
    ${a.value&&n`<${T} title=${o("conflict.title")} onClose=${()=>{a.value=null}}>
      <p>${o("conflict.help",{before:a.value.before.version,now:v.version})}</p>
      <p class="actions"><button autofocus onClick=${()=>{a.value=null}}>${o("conflict.leave")}</button><button class="danger" onClick=${a.value.repeat}>${o("conflict.repeat")}</button></p><//>`}
  </main>`}export{se as AliasPage};
