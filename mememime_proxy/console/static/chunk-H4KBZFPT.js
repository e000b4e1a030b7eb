import{a as D}from"./chunk-FPD3HEXO.js";import{a as o,b as U,d as R,g as n,j,k as F,l as K,m as b}from"./chunk-OFIMAYF2.js";import{e as y,g as B,k as p,o as E,p as O,q as A,r as I,v as M}from"./chunk-BKEQJMOD.js";var L=[[1,1],[4,3],[16,9],[9,16],[21,9]],P=.01,Y=150,S=t=>t.split("/").map(encodeURIComponent).join("/"),w=t=>Math.min(1,Math.max(0,Math.round(t*1e3)/1e3));function q({alias:t,saliency:i,onSave:$,disabled:c}){let l=p(t.focal??{x:.5,y:.5}),a=p(""),v=p([]),s=B(null),h=`asset://${t.asset.sha256}`;y(()=>{l.value=t.focal??{x:.5,y:.5}},[t.version]),y(()=>{M([{source:h,options:["rs:fit:900:900"],format:"webp"}]).then(([e])=>{a.value=e.url??""}).catch(b)},[h]);let{x:d,y:g}=l.value;y(()=>{let e=new AbortController,u=setTimeout(()=>{let x=L.map(([k,C])=>{let T=240/Math.max(k,C);return{source:h,options:[`rs:fill:${Math.round(k*T)}:${Math.round(C*T)}`,`g:fp:${d}:${g}`],format:"webp"}});M(x,e.signal).then(k=>{v.value=k.map(C=>C.url??"")}).catch(b)},Y);return()=>{clearTimeout(u),e.abort()}},[h,d,g]);let f=e=>{if(c||!(e.buttons&1))return;let u=s.current.getBoundingClientRect();l.value={x:w((e.clientX-u.left)/u.width),y:w((e.clientY-u.top)/u.height)}},r=e=>{let u={ArrowLeft:[-P,0],ArrowRight:[P,0],ArrowUp:[0,-P],ArrowDown:[0,P]};c||!(e.key in u)||(e.preventDefault(),l.value={x:w(d+u[e.key][0]),y:w(g+u[e.key][1])})},m=e=>`${Math.round(e*100)} %`;return o`<section aria-labelledby="focus"><h2 id="focus">${n("focus.title")}</h2><p class="faint">${n("focus.help")}</p>
    <div class="two">
      <div class="focus" ref=${s} onPointerDown=${e=>{s.current?.setPointerCapture(e.pointerId),f(e)}} onPointerMove=${f}
        style=${{aspectRatio:`${t.asset.width} / ${t.asset.height}`,maxWidth:`calc(62vh * ${t.asset.width/Math.max(1,t.asset.height)})`}}>
        ${a.value&&o`<img src=${a.value} alt=${t.name} draggable=${!1} />`}
        <button class="point" style=${{left:`${d*100}%`,top:`${g*100}%`}} onKeyDown=${r} aria-label=${n("focus.point",{x:m(d),y:m(g)})}></button>
      </div>
      <ul class="crops">${L.map(([e,u],x)=>o`<li><div class="crop" style=${{aspectRatio:`${e} / ${u}`}}>
        ${v.value[x]&&o`<img src=${v.value[x]} alt=${n("focus.crop",{ratio:`${e}:${u}`})} />`}</div><span class="faint">${e}:${u}</span></li>`)}</ul>
    </div>
    ${!c&&o`<p class="actions">
      <button class="primary" onClick=${()=>$(l.value)}>${n("focus.save")}</button>
      ${i&&o`<button onClick=${()=>{l.value={x:w(i.x),y:w(i.y)}}}>${n("focus.saliency")}</button>`}
      ${t.focal&&o`<button onClick=${()=>$(null)}>${n("focus.clear")}</button>`}</p>`}
  </section>`}function N({alias:t,versions:i,onBack:$,disabled:c}){let l=p({}),a=p(null),v=[...new Set(i.map(s=>s.sha256??"").filter(Boolean))];return y(()=>{v.length&&M(v.slice(0,256).map(s=>({source:`asset://${s}`,options:["rs:fit:900:900"],format:"webp"}))).then(s=>{l.value=Object.fromEntries(v.map((h,d)=>[h,s[d]?.url??""]))}).catch(b)},[v.join()]),o`<section aria-labelledby="versions"><h2 id="versions">${n("versions.title")}</h2><ol class="strip">
    ${i.map(s=>o`<li class=${s.version===t.version?"now":""}>
      ${s.sha256&&l.value[s.sha256]?o`<img src=${l.value[s.sha256]} width="160" height="120" alt=${n("versions.picture",{version:s.version})} />`:o`<div class="gone">${s.sha256?"":n("versions.deleted")}</div>`}
      <strong>v${s.version}</strong> <span class="faint">${n(`action.${s.action}`)}</span>
      <span class="faint">${j(s.changed,!0)}<br />${s.by}</span>
      ${s.version===t.version?o`<span>${n("versions.now")}</span>`:s.sha256&&o`<span class="buttons">
        ${s.sha256!==t.asset.sha256&&o`<button onClick=${()=>{a.value=s}}>${n("versions.compare")}</button>`}
        ${!c&&o`<button onClick=${()=>$(s.version)}>${n("versions.back")}</button>`}</span>`}
    </li>`)}</ol>
    ${a.value&&o`<${D} wide title=${n("versions.compared",{version:a.value.version,now:t.version})} onClose=${()=>{a.value=null}}>
      <${V} left=${l.value[a.value.sha256??""]} right=${l.value[t.asset.sha256]} names=${[`v${a.value.version}`,`v${t.version}`]} /><//>`}
  </section>`}function V({left:t,right:i,names:$}){let c=p(50);return o`<div class="compare"><img src=${i} alt=${$[1]} /><img src=${t} alt=${$[0]} style=${{clipPath:`inset(0 ${100-c.value}% 0 0)`}} />
    <input type="range" min="0" max="100" value=${c} aria-label=${`${$[0]} | ${$[1]}`} onInput=${l=>{c.value=Number(l.target.value)}} /></div>`}function W({alias:t,disabled:i,onSave:$}){let c=p(t.tags.join(", "));return y(()=>{c.value=t.tags.join(", ")},[t.version]),o`<form class="line" onSubmit=${a=>{a.preventDefault(),$([...new Set(c.value.split(",").map(v=>v.trim()).filter(Boolean))])}}><label>${n("tags.label")}<input value=${c} disabled=${i} onInput=${a=>{c.value=a.target.value}} /></label>
    ${!i&&o`<button>${n("apply")}</button>`}</form>`}function tt(){let t=decodeURIComponent(U.value.path.slice(9)),i=p(null),$=p([]),c=p(void 0),l=p(null),a=p(null),v=E.value?.role==="read",s=async()=>{let[r,m]=await Promise.all([I(`/aliases/${S(t)}`),v?{versions:[]}:I(`/versions/${S(t)}`)]);i.value=r,$.value=m.versions,c.value=r.asset.saliency??void 0};y(()=>{s().catch(r=>{l.value=r})},[t]);async function h(r){let m=i.value;try{await r(m.version),await s(),F(n("saved"))}catch(e){if(!(e instanceof O)||e.status!==412){b(e);return}await s().catch(b),a.value={before:m,repeat:()=>{a.value=null,h(r).catch(b)}}}}let d=r=>h(m=>{let e=i.value,u={sha256:e.asset.sha256,focal:e.focal,preset:e.preset,tags:e.tags,...r};return A("PUT",`/aliases/${S(t)}`,{json:u,headers:{"If-Match":`"${m}"`}})}),g=r=>h(m=>A("POST",`/versions/${S(t)}`,{json:{version:r},headers:{"If-Match":`"${m}"`}}));if(l.value)return o`<main class="page" id="main" tabindex="-1"><h1>${n("error.title")}</h1><p role="alert">${K(l.value)}</p><p><a href=${R("/")}>${n("nav.gallery")}</a></p></main>`;if(!i.value)return o`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${n("gallery.loading")}</h1></main>`;let f=i.value;return o`<main class="page" id="main" tabindex="-1">
    <p><a href=${R(`/assets/${f.asset.sha256}`)}>← ${n("alias.asset")}</a></p>
    <h1 class="break">${f.name}</h1>
    <p class="faint">${n("alias.version",{version:f.version})} · ${j(f.changed,!0)}</p>
    <${W} alias=${f} disabled=${v} onSave=${r=>d({tags:r}).catch(b)} />
    <${q} alias=${f} saliency=${c.value} disabled=${v} onSave=${r=>d({focal:r}).catch(b)} />
    ${$.value.length>0&&o`<${N} alias=${f} versions=${$.value} disabled=${v} onBack=${r=>g(r).catch(b)} />`}
    ${a.value&&o`<${D} title=${n("conflict.title")} onClose=${()=>{a.value=null}}>
      <p>${n("conflict.help",{before:a.value.before.version,now:f.version})}</p>
      <p class="actions"><button autofocus onClick=${()=>{a.value=null}}>${n("conflict.leave")}</button><button class="danger" onClick=${a.value.repeat}>${n("conflict.repeat")}</button></p><//>`}
  </main>`}export{tt as AliasPage};
