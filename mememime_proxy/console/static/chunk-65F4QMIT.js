import{a as Y}from"./chunk-HSVCWR52.js";import{a as T}from"./chunk-KSXMXO7C.js";import{a as L,c as P}from"./chunk-FKTCSDLQ.js";import{a as n,d as o,g as D,h as F,i as K,j as d}from"./chunk-XVAK6PWY.js";import{e as x,f as I,g as E,k as p,p as U,q as O,r as S,s as j,w as M}from"./chunk-2DZIMCSW.js";var q=[[1,1],[4,3],[16,9],[9,16],[21,9]],R=.01,V=150,A=t=>t.split("/").map(encodeURIComponent).join("/"),w=t=>Math.min(1,Math.max(0,Math.round(t*1e3)/1e3));function W({alias:t,saliency:c,onSave:m,disabled:$}){let r=p(t.focal??{x:.5,y:.5}),a=p(""),u=p([]),s=E(null),h=`asset://${t.asset.sha256}`;I(()=>{r.value=t.focal??{x:.5,y:.5}},[t.version]),x(()=>{M([{source:h,options:["rs:fit:900:900"],format:"webp"}]).then(([e])=>{a.value=e.url??""}).catch(d)},[h]);let{x:b,y}=r.value;x(()=>{let e=new AbortController,i=setTimeout(()=>{let g=q.map(([C,k])=>{let B=240/Math.max(C,k);return{source:h,options:[`rs:fill:${Math.round(C*B)}:${Math.round(k*B)}`,`g:fp:${b}:${y}`],format:"webp"}});M(g,e.signal).then(C=>{u.value=C.map(k=>k.url??"")}).catch(d)},V);return()=>{clearTimeout(i),e.abort()}},[h,b,y]);let v=e=>{if($||!(e.buttons&1))return;let i=s.current.getBoundingClientRect();r.value={x:w((e.clientX-i.left)/i.width),y:w((e.clientY-i.top)/i.height)}},l=e=>{let i={ArrowLeft:[-R,0],ArrowRight:[R,0],ArrowUp:[0,-R],ArrowDown:[0,R]};if($||!(e.key in i))return;e.preventDefault();let g=r.value;r.value={x:w(g.x+i[e.key][0]),y:w(g.y+i[e.key][1])}},f=e=>`${Math.round(e*100)} %`;return n`<section aria-labelledby="focus"><h2 id="focus">${o("focus.title")}</h2><p class="faint">${o("focus.help")}</p>
    <div class="two">
      <div class="focus" ref=${s} onPointerDown=${e=>{s.current?.setPointerCapture(e.pointerId),v(e)}} onPointerMove=${v}
        style=${{aspectRatio:`${t.asset.width} / ${t.asset.height}`,maxWidth:`calc(62vh * ${t.asset.width/Math.max(1,t.asset.height)})`}}>
        ${a.value&&n`<img src=${a.value} alt=${t.name} draggable=${!1} />`}
        <button class="point" style=${{left:`${b*100}%`,top:`${y*100}%`}} onKeyDown=${l} aria-label=${o("focus.point",{x:f(b),y:f(y)})}></button>
      </div>
      <ul class="crops">${q.map(([e,i],g)=>n`<li><div class="crop" style=${{aspectRatio:`${e} / ${i}`}}>
        ${u.value[g]&&n`<img src=${u.value[g]} alt=${o("focus.crop",{ratio:`${e}:${i}`})} />`}</div><span class="faint">${e}:${i}</span></li>`)}</ul>
    </div>
    ${!$&&n`<p class="actions">
      <button class="primary" onClick=${()=>m(r.value)}>${o("focus.save")}</button>
      ${c&&n`<button onClick=${()=>{r.value={x:w(c.x),y:w(c.y)}}}>${o("focus.saliency")}</button>`}
      ${t.focal&&n`<button onClick=${()=>m(null)}>${o("focus.clear")}</button>`}</p>`}
  </section>`}function X({alias:t,versions:c,onBack:m,disabled:$}){let r=p({}),a=p(null),u=[...new Set(c.map(s=>s.sha256??"").filter(Boolean))];return x(()=>{u.length&&M(u.slice(0,256).map(s=>({source:`asset://${s}`,options:["rs:fit:900:900"],format:"webp"}))).then(s=>{r.value=Object.fromEntries(u.map((h,b)=>[h,s[b]?.url??""]))}).catch(d)},[u.join()]),n`<section aria-labelledby="versions"><h2 id="versions">${o("versions.title")}</h2><ol class="strip">
    ${c.map(s=>n`<li class=${s.version===t.version?"now":""}>
      ${s.sha256&&r.value[s.sha256]?n`<img src=${r.value[s.sha256]} width="160" height="120" alt=${o("versions.picture",{version:s.version})} />`:n`<div class="gone">${s.sha256?"":o("versions.deleted")}</div>`}
      <strong>v${s.version}</strong> <span class="faint">${o(`action.${s.action}`)}</span>
      <span class="faint">${D(s.changed,!0)}<br />${s.by}</span>
      ${s.version===t.version?n`<span>${o("versions.now")}</span>`:s.sha256&&n`<span class="buttons">
        ${s.sha256!==t.asset.sha256&&n`<button onClick=${()=>{a.value=s}}>${o("versions.compare")}</button>`}
        ${!$&&n`<button onClick=${()=>m(s.version)}>${o("versions.back")}</button>`}</span>`}
    </li>`)}</ol>
    ${a.value&&n`<${T} wide title=${o("versions.compared",{version:a.value.version,now:t.version})} onClose=${()=>{a.value=null}}>
      <${Y} left=${r.value[a.value.sha256??""]} right=${r.value[t.asset.sha256]} names=${[`v${a.value.version}`,`v${t.version}`]} /><//>`}
  </section>`}function z({alias:t,disabled:c,onSave:m}){let $=p(t.tags.join(", "));return I(()=>{$.value=t.tags.join(", ")},[t.version]),n`<form class="line" onSubmit=${a=>{a.preventDefault(),m([...new Set($.value.split(",").map(u=>u.trim()).filter(Boolean))])}}><label>${o("tags.label")}<input value=${$} disabled=${c} onInput=${a=>{$.value=a.target.value}} /></label>
    ${!c&&n`<button>${o("apply")}</button>`}</form>`}function st(){let t=decodeURIComponent(L.value.path.slice(9)),c=p(null),m=p([]),$=p(void 0),r=p(null),a=p(null),u=U.value?.role==="read",s=async()=>{let[l,f]=await Promise.all([j(`/aliases/${A(t)}`),u?{versions:[]}:j(`/versions/${A(t)}`)]);c.value=l,m.value=f.versions,$.value=l.asset.saliency??void 0};x(()=>{s().catch(l=>{r.value=l})},[t]);async function h(l){let f=c.value;try{await l(f.version),await s(),F(o("saved"))}catch(e){if(!(e instanceof O)||e.status!==412){d(e);return}await s().catch(d),a.value={before:f,repeat:()=>{a.value=null,h(l).catch(d)}}}}let b=l=>h(f=>{let e=c.value,i={sha256:e.asset.sha256,focal:e.focal,preset:e.preset,tags:e.tags,...l};return S("PUT",`/aliases/${A(t)}`,{json:i,headers:{"If-Match":`"${f}"`}})}),y=l=>h(f=>S("POST",`/versions/${A(t)}`,{json:{version:l},headers:{"If-Match":`"${f}"`}}));if(r.value)return n`<main class="page" id="main" tabindex="-1"><h1>${o("error.title")}</h1><p role="alert">${K(r.value)}</p><p><a href=${P("/")}>${o("nav.gallery")}</a></p></main>`;if(!c.value)return n`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${o("gallery.loading")}</h1></main>`;let v=c.value;return n`<main class="page" id="main" tabindex="-1">
    <p><a href=${P(`/assets/${v.asset.sha256}`)}>← ${o("alias.asset")}</a></p>
    <h1 class="break">${v.name}</h1>
    <p class="faint">${o("alias.version",{version:v.version})} · ${D(v.changed,!0)} · <a href=${P(`/playground?source=${encodeURIComponent(`alias://${v.name}`)}&o=rs:fill:480:320`)}>${o("nav.playground")}</a></p>
    <${z} alias=${v} disabled=${u} onSave=${l=>b({tags:l}).catch(d)} />
    <${W} alias=${v} saliency=${$.value} disabled=${u} onSave=${l=>b({focal:l}).catch(d)} />
    ${m.value.length>0&&n`<${X} alias=${v} versions=${m.value} disabled=${u} onBack=${l=>y(l).catch(d)} />`}
    ${a.value&&n`<${T} title=${o("conflict.title")} onClose=${()=>{a.value=null}}>
      <p>${o("conflict.help",{before:a.value.before.version,now:v.version})}</p>
      <p class="actions"><button autofocus onClick=${()=>{a.value=null}}>${o("conflict.leave")}</button><button class="danger" onClick=${a.value.repeat}>${o("conflict.repeat")}</button></p><//>`}
  </main>`}export{st as AliasPage};
