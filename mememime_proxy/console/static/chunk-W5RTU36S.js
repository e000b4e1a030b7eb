import{a as u}from"./chunk-LH6YZOBX.js";import{a as m,b as k}from"./chunk-5BUQPANI.js";import{a as t,d as l,e as h,f as g,g as y,i as j}from"./chunk-W7XH4LVP.js";import{e as v,g as b,k as p,r as x}from"./chunk-J2T52GRY.js";var f=["image/avif,image/webp,*/*","image/webp,*/*","image/jpeg,image/png","*/*"];function O({explanation:{url:c,refusal:a}}){let{start:n,end:s}=a?.cause??{start:0,end:0};return t`<p class="code break">${c.slice(0,n)}${s>n&&t`<mark>${c.slice(n,s)}</mark>`}${c.slice(s>n?s:n)}</p>`}function C({found:{explanation:c,answer:a,errors:n}}){let{refusal:s}=c,o=s?s.status:200;return t`<section aria-labelledby="verdict">
    <h2 id="verdict" class=${s||a&&a.status>=400?"error":"good"}>${s?`${s.status} ${s.public}`:a&&a.status>=400?`${a.status} ${a.text}`:l("explain.served")}</h2>
    ${s&&t`<p><strong>${s.cause.text}</strong></p><p>${u(s.cause.remedy)}</p>`}
    ${n.map(d=>t`<p><code>${d.code}</code> ${u(d.cause)} <span class="faint">${u(d.remedy)}</span></p>`)}
    ${a&&t`<p class="figures"><strong>${l("explain.answer")}</strong> <span>${a.status}</span>
      <span>${a.headers["Content-Type"]}</span> <span>${g(a.bytes)}</span> <span>${h(Math.round(a.milliseconds))} ms</span></p>
      ${a.status!==o&&a.status!==304&&t`<p class="faint">${l("explain.other",{expected:o})}</p>`}`}
  </section>`}function R(){let c=m.value.query.get("url")??"",a=m.value.query.get("accept")??f[0],n=p(null),s=p(""),o=p(!1),d=b(null);v(()=>{if(n.value=null,s.value="",!c)return;let e=new AbortController;return o.value=!0,x("POST","/explain",{json:{url:c,accept:a,ask:!0},signal:e.signal}).then(i=>{n.value=i,o.value=!1}).catch(i=>{e.signal.aborted||(s.value=j(i),o.value=!1)}),()=>{e.abort(),o.value=!1}},[c,a]);let $=e=>{let i={url:c,accept:a,...e};k(`/explain?${new URLSearchParams(i.accept===f[0]?{url:i.url}:i)}`)},r=n.value?.explanation;return t`<main class="page" id="main" tabindex="-1" aria-busy=${o.value?"true":null}>
    <h1>${l("nav.explain")}</h1>
    <p class="faint">${l("explain.help")}</p>
    <form onSubmit=${e=>{e.preventDefault(),$({url:d.current?.value.trim()??""})}}>
      <label class="tall">${l("explain.url")}<textarea ref=${d} key=${c} defaultValue=${c} rows="3" spellcheck=${!1} required
        onKeyDown=${e=>{e.key==="Enter"&&(e.preventDefault(),$({url:d.current?.value.trim()??""}))}}></textarea></label>
      <p class="line"><label>Accept<select value=${a} onChange=${e=>$({accept:e.target.value,url:d.current?.value.trim()??""})}>
        ${f.map(e=>t`<option value=${e}>${e}</option>`)}</select></label>
        <button class="primary">${l("nav.explain")}</button></p>
    </form>
    ${s.value&&t`<p class="error" role="alert">${s}</p>`}
    ${n.value&&r&&t`<div role="status">
      <${O} explanation=${r} />
      <${C} found=${n.value} />
      <section aria-labelledby="parts"><h2 id="parts">${l("explain.parts")}</h2><div class="scroll"><table>
        <thead><tr><th>${l("explain.kind")}</th><th>${l("explain.part")}</th><th>${l("explain.meaning")}</th></tr></thead>
        <tbody>${r.parts.map(e=>t`<tr><td class="faint">${l(`part.${e.kind}`)}</td><th scope="row"><code class="break">${e.text}</code></th>
          <td class="break">${u(e.meaning)}${Object.keys(e.sets).length>0&&t`<br /><code class="faint">${Object.entries(e.sets).map(([i,S])=>`${i}=${S}`).join(", ")}</code>`}</td></tr>`)}</tbody></table></div></section>
      <dl class="facts">
        ${r.source&&!r.refusal&&t`<div class="fact"><dt>${l("explain.source")}</dt><dd>${r.source}</dd></div>`}
        ${!r.refusal&&t`<div class="fact"><dt>${l("explain.cached")}</dt><dd>${Object.entries(r.cached).map(([e,i])=>l(`cached.${e}`,{time:y(new Date(1e3*i).toISOString(),!0)})).join(", ")||l("explain.uncached")}</dd></div>`}
        ${r.format&&t`<div class="fact"><dt>${l("explain.format")}</dt><dd>${r.format}</dd></div>`}
        ${r.vary&&t`<div class="fact"><dt>Vary</dt><dd>${r.vary}</dd></div>`}
        ${Object.entries(n.value.answer?.headers??{}).map(([e,i])=>t`<div class="fact"><dt>${e}</dt><dd>${i}</dd></div>`)}
      </dl>
      ${r.notes.length>0&&t`<ul>${r.notes.map(e=>t`<li>${e}</li>`)}</ul>`}
    </div>`}
  </main>`}export{R as Explain};
