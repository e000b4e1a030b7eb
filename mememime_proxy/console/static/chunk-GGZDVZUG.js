import{a as p}from"./chunk-TZ4X6C4K.js";import{a as m,b as y}from"./chunk-5BUQPANI.js";import{a,d as l,e as g,f as h,i as k}from"./chunk-L73D43O4.js";import{e as v,g as b,k as d,r as x}from"./chunk-J2T52GRY.js";var f=["image/avif,image/webp,*/*","image/webp,*/*","image/jpeg,image/png","*/*"];function C({explanation:{url:r,refusal:t}}){let{start:n,end:s}=t?.cause??{start:0,end:0};return a`<p class="code break">${r.slice(0,n)}${s>n&&a`<mark>${r.slice(n,s)}</mark>`}${r.slice(s>n?s:n)}</p>`}function S({found:{explanation:r,answer:t,errors:n}}){let{refusal:s}=r,c=s?s.status:200;return a`<section aria-labelledby="verdict">
    <h2 id="verdict" class=${s||t&&t.status>=400?"error":"good"}>${s?`${s.status} ${s.public}`:t&&t.status>=400?`${t.status} ${t.text}`:l("explain.served")}</h2>
    ${s&&a`<p><strong>${s.cause.text}</strong></p><p>${p(s.cause.remedy)}</p>`}
    ${n.map(u=>a`<p><code>${u.code}</code> ${p(u.cause)} <span class="faint">${p(u.remedy)}</span></p>`)}
    ${t&&a`<p class="figures"><strong>${l("explain.answer")}</strong> <span>${t.status}</span>
      <span>${t.headers["Content-Type"]}</span> <span>${h(t.bytes)}</span> <span>${g(Math.round(t.milliseconds))} ms</span></p>
      ${t.status!==c&&t.status!==304&&a`<p class="faint">${l("explain.other",{expected:c})}</p>`}`}
  </section>`}function M(){let r=m.value.query.get("url")??"",t=m.value.query.get("accept")??f[0],n=d(null),s=d(""),c=d(!1),u=b(null);v(()=>{if(n.value=null,s.value="",!r)return;let e=new AbortController;return c.value=!0,x("POST","/explain",{json:{url:r,accept:t,ask:!0},signal:e.signal}).then(o=>{n.value=o,c.value=!1}).catch(o=>{e.signal.aborted||(s.value=k(o),c.value=!1)}),()=>{e.abort(),c.value=!1}},[r,t]);let $=e=>{let o={url:r,accept:t,...e};y(`/explain?${new URLSearchParams(o.accept===f[0]?{url:o.url}:o)}`)},i=n.value?.explanation;return a`<main class="page" id="main" tabindex="-1" aria-busy=${c.value?"true":null}>
    <h1>${l("nav.explain")}</h1>
    <p class="faint">${l("explain.help")}</p>
    <form onSubmit=${e=>{e.preventDefault(),$({url:u.current?.value.trim()??""})}}>
      <label class="tall">${l("explain.url")}<textarea ref=${u} key=${r} defaultValue=${r} rows="3" spellcheck=${!1} required
        onKeyDown=${e=>{e.key==="Enter"&&(e.preventDefault(),$({url:u.current?.value.trim()??""}))}}></textarea></label>
      <p class="line"><label>Accept<select value=${t} onChange=${e=>$({accept:e.target.value,url:u.current?.value.trim()??""})}>
        ${f.map(e=>a`<option value=${e}>${e}</option>`)}</select></label>
        <button class="primary">${l("nav.explain")}</button></p>
    </form>
    ${s.value&&a`<p class="error" role="alert">${s}</p>`}
    ${n.value&&i&&a`<div role="status">
      <${C} explanation=${i} />
      <${S} found=${n.value} />
      <section aria-labelledby="parts"><h2 id="parts">${l("explain.parts")}</h2><div class="scroll"><table>
        <thead><tr><th>${l("explain.kind")}</th><th>${l("explain.part")}</th><th>${l("explain.meaning")}</th></tr></thead>
        <tbody>${i.parts.map(e=>a`<tr><td class="faint">${l(`part.${e.kind}`)}</td><th scope="row"><code class="break">${e.text}</code></th>
          <td class="break">${p(e.meaning)}${Object.keys(e.sets).length>0&&a`<br /><code class="faint">${Object.entries(e.sets).map(([o,j])=>`${o}=${j}`).join(", ")}</code>`}</td></tr>`)}</tbody></table></div></section>
      <dl class="facts">
        ${i.source&&!i.refusal&&a`<div class="fact"><dt>${l("explain.source")}</dt><dd>${i.source}</dd></div>`}
        ${i.format&&a`<div class="fact"><dt>${l("explain.format")}</dt><dd>${i.format}</dd></div>`}
        ${i.vary&&a`<div class="fact"><dt>Vary</dt><dd>${i.vary}</dd></div>`}
        ${Object.entries(n.value.answer?.headers??{}).map(([e,o])=>a`<div class="fact"><dt>${e}</dt><dd>${o}</dd></div>`)}
      </dl>
      ${i.notes.length>0&&a`<ul>${i.notes.map(e=>a`<li>${e}</li>`)}</ul>`}
    </div>`}
  </main>`}export{M as Explain};
