import{a as Ae,b as ze,c as Te,d as _e,e as qe,f as Ke,h as Le}from"./chunk-MRK67EZ4.js";import{b as Oe}from"./chunk-UZJVEWOX.js";import{a as De}from"./chunk-UAITM3LB.js";import{a as j}from"./chunk-6FFIFMM7.js";import{a as L}from"./chunk-PRVOE5P6.js";import{a as U,b as ae,c as K}from"./chunk-5BUQPANI.js";import{a as n,b as ue,c as Ce,d as o,e as X,f as Ee,g as te,i as W,j as y,k as Pe}from"./chunk-W7XH4LVP.js";import{d as ve,e as S,f as q,g as N,h as ie,i as D,j as ge,k as d,l as ye,m as be,n as Q,p as C,r as we,t as J,u as xe,v as ke,w as Me,x as Se}from"./chunk-J2T52GRY.js";function Ge(t,e,a,s){let l=Math.max(1,Math.floor((t+8)/(s+8))),u=Math.max(32,Math.floor((t+8)/l)-8),f=u+8,v=Math.ceil(a/l),c=Math.max(e,v*f);return{columns:l,cell:u,row:f,rows:v,full:c,shown:Math.min(c,8e6),view:e}}function Ie(t,e){let a=t.shown-t.view;return a>0?e*(t.full-t.view)/a:0}function ce(t,e){let a=t.full-t.view;return a>0?e*(t.shown-t.view)/a:0}function Re(t,e,a){let s=Math.max(0,Math.floor(e/t.row)-1)*t.columns,l=Math.min(a,(Math.ceil((e+t.view)/t.row)+1)*t.columns);return{first:s,last:l}}function He(t,e,a){let s=Math.floor(e/t.columns)*t.row;return s<a?s:Math.max(a,Math.min(t.full,s+t.row)-t.view)}function Ne(t){let e=t*Math.min(3,devicePixelRatio||1);return[96,160,240,320,480,640,960].find(a=>a>=e)??960}function Ze(t){let e=t.facts?.width?`, ${t.facts.width} × ${t.facts.height}`:"";return`${j(t)}${e}, ${Ee(t.size)}, ${te(t.created)}`}function je({store:t,cell:e,selected:a,onOpen:s,onPreview:l,onKey:u}){let f=N(null),v=d(null),c=d(0),$=d(0),x=N(-1),E=N(null);q(()=>{let i=f.current,m=()=>{v.value={width:i.clientWidth-24,view:i.clientHeight}};m();let g=new ResizeObserver(m);return g.observe(i),()=>g.disconnect()},[]);let z=t.total.value;t.version.value,a.version.value;let P=z??0,r=v.value&&Ge(v.value.width,v.value.view,P,e),T=r?r.full>r.shown:!1,k=r?Re(r,c.value,P):{first:0,last:0};S(()=>{if(!r)return;t.size=Ne(r.cell);let i=setTimeout(()=>t.want(k.first,Math.max(k.last,1)),z===null?0:60);return()=>clearTimeout(i)},[t,z===null,k.first,k.last,r?.cell]);function M(i){!r||!f.current||(c.value=Math.max(0,Math.min(r.full-r.view,i)),x.current=Math.round(ce(r,c.value)),f.current.scrollTop=x.current)}function Y(){if(!r||!f.current)return;let i=f.current.scrollTop;Math.abs(i-x.current)<=1||(x.current=-1,c.value=T?Ie(r,i):i)}S(()=>{let i=f.current;if(!i||!T)return;let m=g=>{g.ctrlKey||(g.preventDefault(),M(c.value+g.deltaY*(g.deltaMode===1?20:1)))};return i.addEventListener("wheel",m,{passive:!1}),()=>i.removeEventListener("wheel",m)});function p(i){!r||!P||($.value=Math.max(0,Math.min(P-1,i)),M(He(r,$.value,c.value)),requestAnimationFrame(()=>{let m=f.current?.querySelector(`[data-index="${$.value}"]`);m instanceof HTMLElement&&m.focus({preventScroll:!0})}))}function b(i){if(!r)return;let m=$.value,g=t.at(m),R=Math.max(1,Math.floor(r.view/r.row))*r.columns,w={ArrowLeft:m-1,h:m-1,ArrowRight:m+1,l:m+1,ArrowUp:m-r.columns,k:m-r.columns,ArrowDown:m+r.columns,j:m+r.columns,PageUp:m-R,PageDown:m+R,Home:0,End:P-1};if(i.key in w&&!i.ctrlKey&&!i.metaKey&&!i.altKey){if(i.preventDefault(),i.shiftKey&&g&&a.add(g),p(w[i.key]),i.shiftKey){let h=t.at($.value);h&&a.add(h)}}else i.key==="Enter"&&g?(i.preventDefault(),s(g)):i.key===" "&&g?(i.preventDefault(),l(g)):i.key==="x"&&g&&!i.ctrlKey?(i.preventDefault(),a.toggle(g),E.current=m):i.key.toLowerCase()==="a"&&(i.ctrlKey||i.metaKey)?(i.preventDefault(),a.selectAll(P)):i.key==="Escape"?a.clear():u(i,g)}function I(i,m,g){if($.value=m,i.shiftKey&&E.current!==null){let[R,w]=[Math.min(E.current,m),Math.max(E.current,m)];for(let h=R;h<=w;h+=1){let V=t.at(h);V&&a.add(V)}}else i.ctrlKey||i.metaKey||a.count.value?(a.toggle(g),E.current=m):s(g)}function Xe(i){r&&M(Number(i.target.value)/1e3*(r.full-r.view))}be(()=>{t.total.value!==null&&$.value>=t.total.value&&($.value=Math.max(0,t.total.value-1))});let $e=[];if(r)for(let i=k.first;i<k.last;i+=r.columns){let m=i/r.columns,g=[];for(let w=i;w<Math.min(i+r.columns,k.last);w+=1){let h=t.at(w),V=h&&t.url(h),de=h?a.has(h):!1,H=h&&t.refusals.get(h.sha256);g.push(n`<div role="gridcell" class=${de?"cell chosen":"cell"} key=${h?.sha256??w}
          data-index=${w} tabindex=${w===$.value?0:-1} aria-colindex=${w%r.columns+1}
          aria-selected=${de} aria-label=${h?Ze(h)+(H?`, ${o("gallery.no_preview")}: ${H}`:""):o("gallery.loading")}
          style=${{width:`${r.cell}px`,height:`${r.cell}px`,left:`${w%r.columns*r.row}px`,backgroundColor:h?.state==="ready"&&h.facts?.dominant_color||""}}
          onClick=${_=>h&&I(_,w,h)}
          onFocus=${()=>{$.value=w}}>
          ${V&&H===void 0&&n`<img src=${V} alt="" width=${r.cell} height=${r.cell} decoding="async" draggable=${!1} onError=${()=>{h&&t.explain(h).catch(y)}} />`}
          ${h&&H&&n`<span class="note refused" title=${H}><span aria-hidden="true">${o("gallery.no_preview")}</span><span aria-hidden="true" class="why">${H}</span>
            <button tabindex=${w===$.value?0:-1} onClick=${_=>{_.stopPropagation(),t.retry(h)}} onKeyDown=${_=>_.stopPropagation()}>${o("retry")}</button></span>`}
          ${h&&(h.state!=="ready"||!Q(h))&&n`<span class="note" aria-hidden="true">${Q(h)?o(`state.${h.state}`):"♪"}<br />${j(h)}</span>`}
          <span class="tick" aria-hidden="true" onClick=${_=>{_.stopPropagation(),h&&(a.toggle(h),E.current=w)}}>✓</span>
          ${h?.state==="ready"&&(h.facts?.frames??1)>1&&n`<span class="badge" aria-hidden="true">▶</span>`}
        </div>`)}let R=T?ce(r,c.value)+(m*r.row-c.value):m*r.row;$e.push(n`<div role="row" class="row" key=${m} aria-rowindex=${m+1} style=${{transform:`translateY(${R}px)`,height:`${r.cell}px`}}>${g}</div>`)}let ee=r?t.at(Math.min(P-1,Math.ceil(c.value/r.row)*r.columns)):void 0,re=r&&r.full>r.view?Math.round(1e3*c.value/(r.full-r.view)):0;return n`<div class="grid-room">
    <div class="grid" ref=${f} onScroll=${Y} onKeyDown=${b} tabindex="-1">
      <div role="grid" aria-label=${o("nav.gallery")} aria-multiselectable="true" aria-rowcount=${r?.rows??0} aria-colcount=${r?.columns??0}
        style=${{height:`${r?.shown??0}px`}}>${$e}</div>
    </div>
    ${r&&r.full>3*r.view&&n`<label class="scrubber">
      <span class="visually-hidden">${o("gallery.scrubber")}</span>
      <input type="range" min="0" max="1000" value=${re} onInput=${Xe}
        aria-valuetext=${ee?`${te(ee.created)}, ${X(Math.ceil(c.value/r.row)*r.columns+1)} / ${X(P)}`:""} />
      <output style=${{top:`calc(${re/10}% - ${re/1e3*24}px)`}}>${ee?te(ee.created):"…"}</output>
    </label>`}
  </div>`}function Ue({targets:t,count:e,onClose:a}){let s=d(`${C.value?.prefix??""}{name}`),l=d(""),u=d(!1);S(()=>{(async()=>{for await(let c of t()){l.value=c.filename||c.sha256.slice(0,12);return}})().catch(y)},[]);let f=async v=>{v.preventDefault(),u.value=!0,await qe(t(),s.value).catch(y),a()};return n`<${L} title=${o("names.title",{count:e})} onClose=${a}>
    <form onSubmit=${f}>
      <p class="faint">${o("names.help")}</p>
      <label>${o("names.pattern")}<input autofocus value=${s} spellcheck=${!1} onInput=${v=>{s.value=v.target.value}} /></label>
      <p class="break">${l.value&&s.value.trim()&&n`${l} → <code>${De(s.value,l.value,1)}</code>`}</p>
      <p class="actions"><button type="button" onClick=${a}>${o("cancel")}</button>
        <button class="primary" disabled=${u.value||!s.value.trim()}>${o("asset.give_name")}</button></p>
    </form>
  <//>`}var et={red:"d02020",orange:"e08020",yellow:"e8d030",green:"30a040",teal:"209090",blue:"2050d0",purple:"8030b0",pink:"e070a0",brown:"805030",black:"101010",gray:"808080",white:"f4f4f4"},tt={"":1,b:1,kb:1e3,mb:1e6,gb:1e9},pe={newest:"sort=created&order=desc",oldest:"sort=created&order=asc",largest:"sort=size&order=desc",smallest:"sort=size&order=asc"},he=Object.keys(pe),at=new Set(["ready","quarantined","deleted"]);function B(t){return(t.match(/(?:[^\s"]|"[^"]*")+/g)??[]).map(a=>{let s=/^(tag|type|alias|color|after|before|state|is):(.+)$/i.exec(a);if(s)return{text:a,name:s[1].toLowerCase(),value:s[2].replaceAll('"',"")};let l=/^([<>])(\d+(?:\.\d+)?)(b|kb|mb|gb)$/i.exec(a);if(l)return{text:a,name:l[1]===">"?"min_size":"max_size",value:String(Math.round(Number(l[2])*tt[l[3].toLowerCase()]))};let u=/^([wh])([<>])(\d+)$/i.exec(a);return u?{text:a,name:`${u[2]===">"?"min":"max"}_${u[1].toLowerCase()==="w"?"width":"height"}`,value:u[3]}:{text:a,name:"",value:a.replaceAll('"',"")}})}function lt(t){let e=t.toLowerCase();return e.includes("/")?e:`image/${{jpg:"jpeg",svg:"svg+xml",tif:"tiff"}[e]??e}`}function We(t,e){let a=new URLSearchParams(pe[e]??pe.newest),s=[];a.set("state","ready");for(let l of B(t))l.name===""?s.push(l.value):l.name==="type"?a.set("type",lt(l.value)):l.name==="color"?a.set("color",et[l.value.toLowerCase()]??l.value.replace("#","")):l.name==="after"?a.set("since",l.value):l.name==="state"?a.set("state",at.has(l.value)?l.value:"ready"):l.name==="is"?l.value==="unnamed"&&a.set("unnamed","true"):a.set(l.name,l.value);return s.length&&a.set("q",s.join(" ")),a.toString()}var le=["","is:unnamed","state:deleted","state:quarantined"],Z=t=>B(t).map(e=>e.text).find(e=>le.includes(e))??"";function Be(t,e){return[...B(t).map(a=>a.text).filter(a=>!le.includes(a)),e].filter(Boolean).join(" ")}function Fe(t,e){return B(t).filter(a=>a.text!==e.text).map(a=>a.text).join(" ")}var oe=class{constructor(){this.version=D(0),this.assets=new Map,this.except=null,this.total=0,this.count=ge(()=>(this.version.value,this.except?this.total-this.except.size:this.assets.size))}has(e){return this.except?!this.except.has(e.sha256):this.assets.has(e.sha256)}add(e){this.except?this.except.delete(e.sha256):this.assets.set(e.sha256,e),this.version.value+=1}toggle(e){this.has(e)?(this.except?this.except.add(e.sha256):this.assets.delete(e.sha256),this.version.value+=1):this.add(e)}selectAll(e){this.assets.clear(),this.except=new Set,this.total=e,this.version.value+=1}clear(){this.assets.clear(),this.except=null,this.version.value+=1}async*each(e){if(this.except){let a=new Set(this.except);for await(let s of e.all())a.has(s.sha256)||(yield s)}else yield*[...this.assets.values()]}};var F=200,ot=40,se=class{constructor(e){this.query=e,this.total=D(null),this.error=D(null),this.version=D(0),this.pages=new Map,this.loading=new Map,this.urls=new Map,this.refusals=new Map,this.repeated=new Set,this.size=240}at(e){return this.pages.get(Math.floor(e/F))?.[e%F]}url(e){return this.urls.get(`${this.size} ${e.sha256}`)}want(e,a){let s=new Set;for(let l=Math.floor(e/F);l<=Math.floor(Math.max(e,a-1)/F);l+=1)s.add(l);for(let[l,u]of this.loading)s.has(l)||(u.abort(),this.loading.delete(l));for(let l of s)!this.pages.has(l)&&!this.loading.has(l)?this.load(l):this.pages.has(l)&&this.signPage(l)}async load(e){let a=new AbortController;this.loading.set(e,a);try{let s=this.total.value===null?"&total=true":"",l=await J(`/assets?${this.query}&limit=${F}&offset=${e*F}${s}`,a.signal);this.pages.set(e,l.assets),l.total!==void 0&&(this.total.value=l.total),this.forget(e),this.version.value+=1,await this.signPage(e,a.signal)}catch(s){if(s instanceof DOMException)return;this.error.value=s,this.total.value!==null&&y(s)}finally{this.loading.get(e)===a&&this.loading.delete(e)}}async signPage(e,a){let s=this.size,l=(this.pages.get(e)??[]).filter(u=>u.state==="ready"&&Q(u)&&!this.urls.has(`${s} ${u.sha256}`));if(l.length){for(let u of l)this.urls.set(`${s} ${u.sha256}`,"");try{let u=[`rs:fill:${s}:${s}`,"g:sm"],f=await Se(l.map(v=>({source:`asset://${v.sha256}`,options:u,format:"webp"})),a);l.forEach((v,c)=>this.urls.set(`${s} ${v.sha256}`,f[c].url??"")),this.version.value+=1}catch(u){for(let f of l)this.urls.delete(`${s} ${f.sha256}`);throw u}}}async explain(e){let a=this.url(e);if(!a||this.refusals.has(e.sha256))return;this.refusals.set(e.sha256,"");let s;try{let{answer:l,errors:u}=await we("POST","/explain",{json:{url:a,accept:"image/*",ask:!0}});s=!l||l.status<400?"":`${l.status} ${u[0]?.cause??l.text}`}catch(l){s=W(l)}s||this.repeated.has(e.sha256)?this.refusals.set(e.sha256,s||o("gallery.not_shown")):this.retry(e),this.repeated.add(e.sha256),this.version.value+=1}retry(e){this.refusals.delete(e.sha256),this.urls.delete(`${this.size} ${e.sha256}`);for(let a of this.pages.keys())this.pages.get(a)?.includes(e)&&this.signPage(a).catch(y)}forget(e){let a=[...this.pages.keys()].sort((s,l)=>Math.abs(l-e)-Math.abs(s-e));for(let s of a.slice(0,Math.max(0,a.length-ot))){for(let l of this.pages.get(s)??[])this.urls.delete(`${this.size} ${l.sha256}`);this.pages.delete(s)}}async*all(){let e="";do{let a=await J(`/assets?${this.query}&limit=1000${e&&`&cursor=${e}`}`);yield*a.assets,e=a.cursor??""}while(e)}close(){for(let e of this.loading.values())e.abort();this.loading.clear()}};var st=["search","move","open","preview","select","all","tag","focus","copy","delete","help"];function O(t,e){let a=new URLSearchParams(U.value.query);e?a.set(t,e):a.delete(t),ae(`/${a.size?`?${a}`:""}`,{replace:!0})}function nt({store:t,asset:e,onClose:a}){let s=d("");return S(()=>{let l=new AbortController;return import("./chunk-MCMSLICX.js").then(({sign:u})=>u([{source:`asset://${e.sha256}`,options:["rs:fit:1600:1200"],format:"webp"}],l.signal)).then(([u])=>{s.value=u.url??""}).catch(y),()=>l.abort()},[e]),n`<${L} title=${j(e)} wide onClose=${a}>
    <img class="preview" src=${s.value||t.url(e)||null} alt=${j(e)} />
    <p><a class="button" href=${K(`/assets/${e.sha256}`)}>${o("open")}</a></p>
  <//>`}function rt({onClose:t,onApply:e,count:a}){let s=d(""),l=d(""),u=d(!1),f=d([]);S(()=>{J("/tags?limit=200").then($=>{f.value=$.tags}).catch(y)},[]);let v=$=>$.split(",").map(x=>x.trim()).filter(Boolean),c=async $=>{$.preventDefault(),u.value=!0,await e(v(s.value),v(l.value)).catch(y),t()};return n`<${L} title=${o("tags.title",{count:a})} onClose=${t}>
    <form onSubmit=${c}>
      <p class="faint">${o("tags.help")}</p>
      <label>${o("tags.add")}<input list="known-tags" autofocus value=${s} onInput=${$=>{s.value=$.target.value}} /></label>
      <label>${o("tags.remove")}<input list="known-tags" value=${l} onInput=${$=>{l.value=$.target.value}} /></label>
      <datalist id="known-tags">${f.value.map($=>n`<option value=${$.tag}>${X($.aliases)}</option>`)}</datalist>
      <p class="actions"><button type="button" onClick=${t}>${o("cancel")}</button>
        <button class="primary" disabled=${u.value||!(s.value.trim()||l.value.trim())}>${o("apply")}</button></p>
    </form>
  <//>`}function it({onClose:t}){return n`<${L} title=${o("keys.title")} onClose=${t}>
    <dl class="keys">${st.map(e=>n`<dt><kbd>${o(`keys.${e}.keys`)}</kbd></dt><dd>${o(`keys.${e}`)}</dd>`)}</dl>
    <h3>${o("search.help_title")}</h3>
    <p><code>${o("search.example")}</code></p><p class="faint">${o("search.help")}</p>
  <//>`}function ut({searched:t}){return n`<div class="empty">
    <h2>${t?o("gallery.none"):o("gallery.empty")}</h2>
    <p>${t?o("gallery.none_help"):o("gallery.empty_help")}</p>
    ${t?n`<button onClick=${()=>O("q","")}>${o("search.clear")}</button>`:n`<a class="button primary" href=${K("/upload")}>${o("nav.upload")}</a>`}
  </div>`}function Ye(){let t=U.value.query,e=t.get("q")??"",a=he.includes(t.get("sort")??"")?t.get("sort"):"newest",s=Math.min(320,Math.max(96,Number(t.get("size"))||(innerWidth<600?110:180))),l=d(0),u=ie(()=>new oe,[]),f=ie(()=>new se(We(e,a)),[e,a,l.value]);S(()=>()=>f.close(),[f]),q(()=>{u.clear()},[f]);let v=N(null),c=d(null),$=ye(()=>C.value?.role!=="read"),x=()=>{c.value=null},E=()=>{l.value+=1},z=d(!1),P=()=>{z.value=!0,_e(u.each(f)).catch(y).finally(()=>{z.value=!1})};function r(p,b){if(p.ctrlKey||p.metaKey||p.altKey)return;let I=u.count.value>0;p.key==="c"&&b?Ke(b).catch(y):p.key==="e"&&b?ae(`/assets/${b.sha256}?focus=1`):p.key==="t"&&(I||b)?(p.preventDefault(),c.value={kind:"tags",asset:I?void 0:b}):p.key==="Delete"&&(I||b)&&(c.value={kind:"delete",asset:I?void 0:b})}q(()=>{let p=b=>{b.target instanceof HTMLElement&&b.target.closest("input, textarea, select, dialog")||(b.key==="/"&&(b.preventDefault(),v.current?.focus()),b.key==="?"&&(c.value={kind:"help"}))};return addEventListener("keydown",p),()=>removeEventListener("keydown",p)},[]);let T=()=>c.value?.asset?Le([c.value.asset]):u.each(f),k=c.value?.asset?1:u.count.value,M=f.total.value,Y=f.error.value;return n`<main class="gallery" id="main" tabindex="-1" aria-busy=${M===null&&!Y?"true":null}>
    <h1 class="visually-hidden">${o("nav.gallery")}</h1>
    <div class="tools">
      <form role="search" onSubmit=${p=>{p.preventDefault(),O("q",v.current?.value.trim()??"")}}>
        <input ref=${v} type="search" key=${e} defaultValue=${e} aria-label=${o("search.label")} placeholder=${o("search.placeholder")}
          onSearch=${p=>O("q",p.target.value.trim())} />
      </form>
      <label class="inline">${o("show")}<select value=${Z(e)} onChange=${p=>O("q",Be(e,p.target.value))}>
        ${le.map(p=>n`<option value=${p}>${o(`show.${p||"all"}`)}</option>`)}
      </select></label>
      <label class="inline">${o("order")}<select value=${a} onChange=${p=>O("sort",p.target.value)}>
        ${he.map(p=>n`<option value=${p}>${o(`order.${p}`)}</option>`)}
      </select></label>
      <label class="inline size">${o("size")}<input type="range" min="96" max="320" step="8" value=${s} onChange=${p=>O("size",p.target.value)} /></label>
      <span class="faint count" role="status">${M===null?"":o(M===1?"gallery.one":"gallery.count",{count:M})}</span>
      <button class="icon" aria-label=${o("keys.title")} title=${o("keys.title")} onClick=${()=>{c.value={kind:"help"}}}>?</button>
    </div>
    ${e&&n`<ul class="chips" aria-label=${o("search.chips")}>${B(e).map(p=>n`<li class="chip">${p.text}
      <button aria-label=${o("search.remove",{word:p.text})} onClick=${()=>O("q",Fe(e,p))}>×</button></li>`)}</ul>`}
    ${u.count.value>0&&n`<div class="selection" role="region" aria-label=${o("bulk.label")}>
      <strong>${o("bulk.count",{count:u.count.value})}</strong>
      <button onClick=${()=>u.selectAll(M??0)}>${o("bulk.all")}</button>
      <button onClick=${()=>u.clear()}>${o("bulk.clear")}</button>
      <span class="space"></span>
      ${$.value&&Z(e)==="state:deleted"&&n`<button onClick=${()=>Ae(u.each(f),E).catch(y)}>${o("restore")}</button>`}
      ${Z(e)!=="state:deleted"&&n`<button disabled=${z} onClick=${P}>${o("bulk.download")}</button>`}
      ${$.value&&Z(e)!=="state:deleted"&&n`<button onClick=${()=>{c.value={kind:"tags"}}}>${o("bulk.tags")}</button>
        <button onClick=${()=>{c.value={kind:"names"}}}>${o("bulk.names")}</button>
        <button class="danger" onClick=${()=>{c.value={kind:"delete"}}}>${o("delete")}</button>`}
    </div>`}
    ${Y&&M===null?n`<div class="empty" role="alert"><h2>${o("error.title")}</h2><p>${W(Y)}</p><button onClick=${E}>${o("retry")}</button></div>`:M===0?n`<${ut} searched=${e!==""} />`:n`<${je} key=${`${e} ${a} ${l.value}`} store=${f} cell=${s} selected=${u}
            onOpen=${p=>ae(`/assets/${p.sha256}`)} onKey=${r}
            onPreview=${p=>{c.value={kind:"preview",asset:p}}} />`}
    ${c.value?.kind==="preview"&&c.value.asset&&n`<${nt} store=${f} asset=${c.value.asset} onClose=${x} />`}
    ${c.value?.kind==="help"&&n`<${it} onClose=${x} />`}
    ${c.value?.kind==="tags"&&n`<${rt} count=${k} onClose=${x} onApply=${(p,b)=>Te(T(),p,b)} />`}
    ${c.value?.kind==="names"&&n`<${Ue} targets=${T} count=${k} onClose=${x} />`}
    ${c.value?.kind==="delete"&&n`<${L} title=${o("delete.title",{count:k})} onClose=${x}>
      <p>${o("delete.help",{days:Math.round((C.value?.delete_grace??0)/86400)})}</p>
      <p class="actions"><button onClick=${x}>${o("cancel")}</button>
        <button class="danger" autofocus onClick=${()=>{let p=T();x(),ze(p,E).catch(y)}}>${o("delete")}</button></p>
    <//>`}
  </main>`}function Ve(){let t=d(""),e=d(""),a=d(!1);async function s(l){l.preventDefault(),a.value=!0,e.value="";try{await ke(t.value.trim())}catch(u){e.value=W(u)}finally{t.value="",a.value=!1}}return n`<main class="sign-in">
    <form class="card" onSubmit=${s}>
      <h1>${o("sign_in.title")}</h1>
      <p>${o("sign_in.help")}</p>
      <label for="key">${o("sign_in.key")}</label>
      <input id="key" type="password" autocomplete="off" required autofocus value=${t}
        aria-describedby="sign-in-error" onInput=${l=>{t.value=l.target.value}} />
      <p id="sign-in-error" class="error" role="alert">${e}</p>
      <button class="primary" disabled=${a.value||!t.value.trim()}>${o("sign_in.submit")}</button>
      <p class="faint">${o("sign_in.where")} <code>mememime keys create --role write</code></p>
    </form>
  </main>`}var ne=["system","light","dark"],fe=localStorage.getItem("theme"),A=D(fe&&ne.includes(fe)?fe:"system");function me(){document.documentElement.dataset.theme=A.value}function Qe(){A.value=ne[(ne.indexOf(A.value)+1)%ne.length],localStorage.setItem("theme",A.value),me()}var ct=[{path:"/",label:"nav.gallery"},{path:"/upload",label:"nav.upload"},{path:"/playground",label:"nav.playground"},{path:"/explain",label:"nav.explain"},{path:"/operation",label:"nav.operation",admin:!0},{path:"/keys",label:"nav.keys",admin:!0}],pt={system:"◐",light:"☀",dark:"☾"};function G({load:t}){let e=d(null);return S(()=>{t().then(a=>{e.value={Page:a}}).catch(y)},[t]),e.value?n`<${e.value.Page} />`:n`<main class="page" id="main" tabindex="-1" aria-busy="true"></main>`}var ht=()=>import("./chunk-VMMPXLIJ.js").then(t=>t.Upload),ft=()=>import("./chunk-NRQREE2K.js").then(t=>t.Playground),mt=()=>import("./chunk-A4W7RMTC.js").then(t=>t.Operation),$t=()=>import("./chunk-BBKDHB25.js").then(t=>t.Keys),dt=()=>import("./chunk-PJMCVKCW.js").then(t=>t.Explain),vt=()=>import("./chunk-B2D7GAYZ.js").then(t=>t.AssetPage),gt=()=>import("./chunk-NQWBIXVA.js").then(t=>t.AliasPage);function yt(){let t=U.value.path;return t==="/"?n`<${Ye} />`:t==="/upload"?n`<${G} key="upload" load=${ht} />`:t==="/playground"?n`<${G} key="playground" load=${ft} />`:t==="/operation"?n`<${G} key="operation" load=${mt} />`:t==="/keys"?n`<${G} key="keys" load=${$t} />`:t==="/explain"?n`<${G} key="explain" load=${dt} />`:/^\/assets\/[0-9a-f]{64}$/.test(t)?n`<${G} key=${t} load=${vt} />`:/^\/aliases\/.+$/.test(t)?n`<${G} key=${t} load=${gt} />`:n`<main class="page" id="main" tabindex="-1"><h1>${o("error.no_page")}</h1><p><a href=${K("/")}>${o("nav.gallery")}</a></p></main>`}function bt(){let t=U.value.path;return n`<header class="bar">
    <a class="skip" href="#main" onClick=${e=>{e.preventDefault(),document.querySelector("main")?.focus()}}>${o("skip")}</a>
    <a class="brand" href=${K("/")}>Mememime</a>
    <nav aria-label=${o("nav.label")}>
      ${ct.filter(e=>!e.admin||C.value?.role==="admin").map(e=>n`<a href=${K(e.path)} aria-current=${t===e.path?"page":null}
        ref=${a=>{t===e.path&&a?.scrollIntoView({block:"nearest",inline:"nearest"})}}>${o(e.label)}</a>`)}
    </nav>
    <span class="space"></span>
    <span class="who faint" title=${C.value?.credential}>${C.value?.tenant} · ${C.value?.role}</span>
    <button class="icon" title=${`${o("theme")}: ${A.value}`} aria-label=${`${o("theme")}: ${A.value}`} onClick=${Qe}>${pt[A.value]}</button>
    <select aria-label=${o("language")} value=${ue} onChange=${e=>Ce(e.target.value)}>
      <option value="en">EN</option><option value="de">DE</option>
    </select>
    <button class="quiet" onClick=${()=>Me().catch(y)}>${o("sign_out")}</button>
  </header>`}function wt(){let t=d(!1);return q(()=>Oe(e=>{t.value=e}),[]),n`<${bt} /><${yt} />${t.value&&n`<p class="over">${o("upload.over")}</p>`}`}function Je(){return document.documentElement.lang=ue.value,n`${C.value?n`<${wt} />`:n`<${Ve} />`}<${Pe} />`}me();xe().catch(y).finally(()=>{ve(n`<${Je} />`,document.getElementById("app"))});
