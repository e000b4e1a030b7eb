import{a as _}from"./chunk-UZJVEWOX.js";import{a as N}from"./chunk-URPC6NLP.js";import{a as P}from"./chunk-PRVOE5P6.js";import{a as B,c as D}from"./chunk-5BUQPANI.js";import{a as n,d as t,g as O,h as K,i as Y,j as d}from"./chunk-W7XH4LVP.js";import{e as k,f as A,g as L,k as m,p as q,q as F,r as E,t as j,x as M}from"./chunk-J2T52GRY.js";var U=[[1,1],[4,3],[16,9],[9,16],[21,9]],S=.01,W=150,I=e=>e.split("/").map(encodeURIComponent).join("/"),C=e=>Math.min(1,Math.max(0,Math.round(e*1e3)/1e3));function X({alias:e,saliency:c,onSave:b,disabled:h}){let u=m(e.focal??{x:.5,y:.5}),l=m(""),p=m([]),s=L(null),v=`asset://${e.asset.sha256}`;A(()=>{u.value=e.focal??{x:.5,y:.5}},[e.version]),A(()=>{B.value.query.has("focus")&&s.current?.querySelector("button")?.focus()},[]),k(()=>{M([{source:v,options:["rs:fit:900:900"],format:"webp"}]).then(([o])=>{l.value=o.url??""}).catch(d)},[v]);let{x:r,y:f}=u.value;k(()=>{let o=new AbortController,$=setTimeout(()=>{let i=U.map(([y,a])=>{let g=240/Math.max(y,a);return{source:v,options:[`rs:fill:${Math.round(y*g)}:${Math.round(a*g)}`,`g:fp:${r}:${f}`],format:"webp"}});M(i,o.signal).then(y=>{p.value=y.map(a=>a.url??"")}).catch(y=>{o.signal.aborted||(p.value=U.map(()=>"")),d(y)})},W);return()=>{clearTimeout($),o.abort()}},[v,r,f]);let w=o=>{if(h||!(o.buttons&1))return;let $=s.current.getBoundingClientRect();u.value={x:C((o.clientX-$.left)/$.width),y:C((o.clientY-$.top)/$.height)}},T=o=>{let $={ArrowLeft:[-S,0],ArrowRight:[S,0],ArrowUp:[0,-S],ArrowDown:[0,S]};if(h||!(o.key in $))return;o.preventDefault();let i=u.value;u.value={x:C(i.x+$[o.key][0]),y:C(i.y+$[o.key][1])}},R=o=>`${Math.round(o*100)} %`;return n`<section aria-labelledby="focus"><h2 id="focus">${t("focus.title")}</h2><p class="faint">${t("focus.help")}</p>
    <div class="two">
      <div class="focus" ref=${s} onPointerDown=${o=>{s.current?.setPointerCapture(o.pointerId),w(o)}} onPointerMove=${w}
        style=${{aspectRatio:`${e.asset.width} / ${e.asset.height}`,maxWidth:`calc(62vh * ${e.asset.width/Math.max(1,e.asset.height)})`}}>
        ${l.value&&n`<img src=${l.value} alt=${e.name} draggable=${!1} />`}
        <button class="point" style=${{left:`${r*100}%`,top:`${f*100}%`}} onKeyDown=${T} aria-label=${t("focus.point",{x:R(r),y:R(f)})}></button>
      </div>
      <ul class="crops" aria-busy=${p.value.length?null:"true"}>${U.map(([o,$],i)=>n`<li><div class="crop" style=${{aspectRatio:`${o} / ${$}`}}>
        ${p.value[i]&&n`<img src=${p.value[i]} alt=${t("focus.crop",{ratio:`${o}:${$}`})} />`}</div><span class="faint">${o}:${$}</span></li>`)}</ul>
    </div>
    ${!h&&n`<p class="actions">
      <button class="primary" onClick=${()=>b(u.value)}>${t("focus.save")}</button>
      ${c&&n`<button onClick=${()=>{u.value={x:C(c.x),y:C(c.y)}}}>${t("focus.saliency")}</button>`}
      ${e.focal&&n`<button onClick=${()=>b(null)}>${t("focus.clear")}</button>`}</p>`}
  </section>`}var z=({focal:e})=>e?t("versions.focal",{x:Math.round(e.x*100),y:Math.round(e.y*100)}):"";function G({alias:e,versions:c,onBack:b,disabled:h}){let u=m({}),l=m(null);k(()=>{let s=c.filter(r=>r.sha256).slice(0,256);if(!s.length)return;let v=({focal:r})=>r?`g:fp:${r.x}:${r.y}`:"g:ce";M(s.map(r=>({source:`asset://${r.sha256}`,options:["rs:fill:320:240",v(r)],format:"webp"}))).then(r=>{u.value=Object.fromEntries(s.map((f,w)=>[f.version,r[w]?.url??""]))}).catch(d)},[c]);let p=async(s,v)=>{let r=await M([s.sha256,v.asset.sha256].map(f=>({source:`asset://${f}`,options:["rs:fit:900:900"],format:"webp"})));l.value={version:s.version,urls:r.map(({url:f})=>f??"")}};return n`<section aria-labelledby="versions"><h2 id="versions">${t("versions.title")}</h2><ol class="strip">
    ${c.map(s=>n`<li class=${s.version===e?.version?"now":""}>
      ${s.sha256&&u.value[s.version]?n`<img src=${u.value[s.version]} width="160" height="120" alt=${t("versions.picture",{version:s.version})} />`:n`<div class="gone">${s.sha256?"":t("versions.deleted")}</div>`}
      <strong>v${s.version}</strong> <span class="faint">${t(`action.${s.action}`)}</span>
      <span class="faint">${O(s.changed,!0)}<br />${s.by}</span>
      ${(s.focal||s.tags.length>0)&&n`<span class="faint">${[z(s),...s.tags].filter(Boolean).join(", ")}</span>`}
      ${s.version===e?.version?n`<span>${t("versions.now")}</span>`:s.sha256&&n`<span class="buttons">
        ${e&&s.sha256!==e.asset.sha256&&n`<button onClick=${()=>p(s,e).catch(d)}>${t("versions.compare")}</button>`}
        ${!h&&n`<button onClick=${()=>b(s.version)}>${t("versions.back")}</button>`}</span>`}
    </li>`)}</ol>
    ${l.value&&e&&n`<${P} wide title=${t("versions.compared",{version:l.value.version,now:e.version})} onClose=${()=>{l.value=null}}>
      <${N} left=${l.value.urls[0]} right=${l.value.urls[1]} names=${[`v${l.value.version}`,`v${e.version}`]} /><//>`}
  </section>`}function H({alias:e,disabled:c,onSave:b}){let h=m(e.tags.join(", "));return A(()=>{h.value=e.tags.join(", ")},[e.version]),n`<form class="line" onSubmit=${l=>{l.preventDefault(),b([...new Set(h.value.split(",").map(p=>p.trim()).filter(Boolean))])}}><label>${t("tags.label")}<input value=${h} disabled=${c} onInput=${l=>{h.value=l.target.value}} /></label>
    ${!c&&n`<button>${t("apply")}</button>`}</form>`}function re(){let e=decodeURIComponent(B.value.path.slice(9)),c=m(null),b=m([]),h=m(void 0),u=m(null),l=m(null),p=m(!1),s=m(!1),v=q.value?.role==="read",r=async()=>{let a=v?{versions:[]}:await j(`/versions/${I(e)}`);c.value=a.versions.length&&!a.versions[0].sha256?null:await j(`/aliases/${I(e)}`),b.value=a.versions,h.value=c.value?.asset.saliency??void 0};k(()=>{r().catch(a=>{u.value=a})},[e]);async function f(a){let g=b.value[0]?.version??0;try{await a(g),await r(),K(t("saved"))}catch(x){if(!(x instanceof F)||x.status!==412){d(x);return}await r().catch(d),l.value={before:g,repeat:()=>{l.value=null,f(a).catch(d)}}}}let w=a=>f(g=>{let x=c.value,V={sha256:x.asset.sha256,focal:x.focal,preset:x.preset,tags:x.tags,...a};return E("PUT",`/aliases/${I(e)}`,{json:V,headers:{"If-Match":`"${g}"`}})}),T=async a=>{if(a.length){p.value=!0;try{let{addOne:g}=await import("./chunk-VMMPXLIJ.js");await w({sha256:await g(a[0]),focal:null})}finally{p.value=!1}}},R=a=>{v||!a.dataTransfer?.types.includes("Files")||(a.preventDefault(),_(a.dataTransfer).then(T).catch(d))},o=()=>f(a=>E("DELETE",`/aliases/${I(e)}`,{headers:{"If-Match":`"${a}"`}})),$=a=>f(g=>E("POST",`/versions/${I(e)}`,{json:{version:a},headers:c.value?{"If-Match":`"${g}"`}:{"If-None-Match":"*"}}));if(u.value)return n`<main class="page" id="main" tabindex="-1"><h1>${t("error.title")}</h1><p role="alert">${Y(u.value)}</p><p><a href=${D("/")}>${t("nav.gallery")}</a></p></main>`;let i=c.value,y=b.value.length>0&&n`<${G} alias=${i} versions=${b.value} disabled=${v} onBack=${a=>$(a).catch(d)} />`;return!i&&y?n`<main class="page" id="main" tabindex="-1"><p><a href=${D("/")}>← ${t("nav.gallery")}</a></p>
    <h1 class="break">${e}</h1><p class="state" role="status">${t("alias.deleted")}</p>${y}</main>`:i?n`<main class="page" id="main" tabindex="-1" aria-busy=${p.value?"true":null} onDrop=${R}>
    <p><a href=${D(`/assets/${i.asset.sha256}`)}>← ${t("alias.asset")}</a></p>
    <h1 class="break">${i.name}</h1>
    <p class="faint">${t("alias.version",{version:i.version})} · ${O(i.changed,!0)} · <a href=${D(`/playground?source=${encodeURIComponent(`alias://${i.name}`)}&o=rs:fill:480:320`)}>${t("nav.playground")}</a></p>
    <${H} alias=${i} disabled=${v} onSave=${a=>w({tags:a}).catch(d)} />
    <${X} alias=${i} saliency=${h.value} disabled=${v} onSave=${a=>w({focal:a}).catch(d)} />
    ${y}
    ${!v&&n`<p class="actions">
      <label class="button">${t(p.value?"upload.sending":"alias.replace")}<input class="visually-hidden" type="file" accept="image/*,video/*" disabled=${p.value}
        onChange=${a=>{T([...a.target.files]).catch(d),a.target.value=""}} /></label>
      <button class="danger" onClick=${()=>{s.value=!0}}>${t("alias.delete")}</button></p>`}
    ${s.value&&n`<${P} title=${t("alias.delete_title",{name:i.name})} onClose=${()=>{s.value=!1}}>
      <p>${t("alias.delete_help")}</p>
      <p class="actions"><button onClick=${()=>{s.value=!1}}>${t("cancel")}</button>
        <button class="danger" autofocus onClick=${()=>{s.value=!1,o().catch(d)}}>${t("delete")}</button></p><//>`}
    ${l.value&&n`<${P} title=${t("conflict.title")} onClose=${()=>{l.value=null}}>
      <p>${t("conflict.help",{before:l.value.before,now:i.version})}</p>
      <p class="actions"><button autofocus onClick=${()=>{l.value=null}}>${t("conflict.leave")}</button><button class="danger" onClick=${l.value.repeat}>${t("conflict.repeat")}</button></p><//>`}
  </main>`:n`<main class="page" aria-busy="true" id="main" tabindex="-1"><h1 class="visually-hidden">${t("gallery.loading")}</h1></main>`}export{re as AliasPage};
