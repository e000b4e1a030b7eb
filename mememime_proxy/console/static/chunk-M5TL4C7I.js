import{a as q}from"./chunk-FF2ATAH2.js";import{a as w}from"./chunk-KPNFMLGG.js";import{a as M,b as j,c as x}from"./chunk-K72OKJYN.js";import{a as r,d as i,e as E,f as F,h as W,i as R,j as S}from"./chunk-RTSN7GSG.js";import{e as b,g as L,k as f,o as O,q as P,r as A,v as y}from"./chunk-BKEQJMOD.js";var I={Python:`import base64, hashlib, hmac, os

key, salt = (bytes.fromhex(os.environ[name]) for name in ("MEMEMIME_KEY", "MEMEMIME_SALT"))
path = '@path@'
digest = hmac.new(key, salt + path.encode(), hashlib.sha256).digest()
signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
print('@base@/' + signature + path)
`,JavaScript:`import { createHmac } from "node:crypto";

const [key, salt] = ["MEMEMIME_KEY", "MEMEMIME_SALT"].map((name) => Buffer.from(process.env[name], "hex"));
const path = '@path@';
const signature = createHmac("sha256", key).update(salt).update(path).digest("base64url");
console.log('@base@/' + signature + path);
`,PHP:`<?php
$key = hex2bin(getenv('MEMEMIME_KEY'));
$salt = hex2bin(getenv('MEMEMIME_SALT'));
$path = '@path@';
$digest = hash_hmac('sha256', $salt . $path, $key, true);
$signature = rtrim(strtr(base64_encode($digest), '+/', '-_'), '=');
echo '@base@/' . $signature . $path, "\\n";
`,Ruby:`require "base64"
require "openssl"

key, salt = %w[MEMEMIME_KEY MEMEMIME_SALT].map { |name| [ENV.fetch(name)].pack("H*") }
path = '@path@'
digest = OpenSSL::HMAC.digest("sha256", key, salt + path)
signature = Base64.urlsafe_encode64(digest, padding: false)
puts '@base@/' + signature + path
`,Go:`package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
)

func main() {
	key, _ := hex.DecodeString(os.Getenv("MEMEMIME_KEY"))
	salt, _ := hex.DecodeString(os.Getenv("MEMEMIME_SALT"))
	path := "@path@"
	mac := hmac.New(sha256.New, key)
	mac.Write(salt)
	mac.Write([]byte(path))
	fmt.Println("@base@/" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) + path)
}
`,Java:`import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Sign {
  public static void main(String[] arguments) throws Exception {
    byte[] key = HexFormat.of().parseHex(System.getenv("MEMEMIME_KEY"));
    byte[] salt = HexFormat.of().parseHex(System.getenv("MEMEMIME_SALT"));
    String path = "@path@";
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    mac.update(salt);
    String signature = Base64.getUrlEncoder().withoutPadding().encodeToString(mac.doFinal(path.getBytes("UTF-8")));
    System.out.println("@base@/" + signature + path);
  }
}
`,Bash:`path='@path@'
signature=$({ printf %s "$MEMEMIME_SALT" | xxd -r -p; printf %s "$path"; } |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$MEMEMIME_KEY" -binary | base64 | tr '+/' '-_' | tr -d '=\\n')
echo '@base@/'"$signature$path"
`};var k=[1,2,3],B=["HTML img","HTML picture","curl"];function Q(e){let t=(O.value?.proxy_url||location.origin).replace(/\/$/,""),n=(e.startsWith(t)?e.slice(t.length):new URL(e).pathname).replace(/^\/[^/]+/,"");return{base:e.startsWith(t)?t:new URL(e).origin,path:n.replace(/\/(?:expires|exp):\d+(?=\/)/,"")}}var C=e=>e.replaceAll("&","&amp;").replaceAll('"',"&quot;");function K({wanted:e,url:t,sides:n}){let a=f("HTML img"),s=f([]),o=a.value==="HTML picture"?["avif","webp","jpg"]:[e.format];b(()=>{if(s.value=[],!a.value.startsWith("HTML"))return;let $=new AbortController,m=o.flatMap(g=>k.map(d=>({source:e.source,options:[...e.options,`dpr:${d}`],format:g})));return y(m,$.signal).then(g=>{s.value=g.map(d=>d.url??"")}).catch(S),()=>$.abort()},[t,a.value]);let l=$=>k.map((m,g)=>`${C(s.value[$*k.length+g]??"")} ${m}x`).join(`,
    `),c=n?` width="${n[0]}" height="${n[1]}"`:"",p;if(a.value==="curl")p=`curl --fail --output picture '${t}'`;else if(a.value==="HTML img")p=`<img
  src="${C(s.value[0]??"")}"
  srcset="${l(0)}"
 ${c} alt="">`;else if(a.value==="HTML picture")p=`<picture>
${o.slice(0,-1).map((m,g)=>`  <source type="image/${m}" srcset="${l(g)}">`).join(`
`)}
  <img src="${C(s.value[(o.length-1)*k.length]??"")}"
    srcset="${l(o.length-1)}"
   ${c} alt="">
</picture>`;else{let{base:$,path:m}=Q(t);p=I[a.value].replaceAll("@path@",m).replaceAll("@base@",$)}return r`<section aria-labelledby="code"><h2 id="code">${i("code.title")}</h2>
    <p class="line"><label>${i("code.language")}<select value=${a} onChange=${$=>{a.value=$.target.value}}>
      ${[...B,...Object.keys(I)].map($=>r`<option>${$}</option>`)}</select></label>
      <button onClick=${()=>navigator.clipboard.writeText(p).then(()=>W(i("copied"))).catch(S)}>${i("copy")}</button></p>
    <pre class="code" tabindex="0" aria-labelledby="code">${p}</pre>
    ${!e.source.startsWith("asset://")&&r`<p class="faint">${i(B.includes(a.value)?"code.expires":"code.lasting")}</p>`}
  </section>`}function N(e,t){let n=t.split(":")[0];return e.find(a=>a.name===n||a.aliases.includes(n))}function U(e,t){let n=t.split(":").slice(1);return e.arguments.map((a,s)=>a.kind==="group"?n.slice(s).join(":"):n[s]??"")}function Y(e,t){let n=[...t];for(;n.length>1&&n.at(-1)==="";)n.pop();return[e.split(":")[0],...n].join(":")}var Z=2**31-1;function ee({argument:e,value:t,onChange:n}){let a=o=>n(o.target.value),s=o=>o===void 0||Math.abs(o)>=Z?null:o;switch(e.kind){case"flag":return r`<select value=${t} onChange=${a}><option value="">–</option><option value="1">${i("yes")}</option><option value="0">${i("no")}</option></select>`;case"choice":case"format":{let o=e.values??[];return r`<select value=${t} onChange=${a}><option value="">–</option>
        ${(o.includes(t)||!t?o:[t,...o]).map(l=>r`<option value=${l}>${l}</option>`)}</select>`}case"integer":case"number":return r`<input type=${Number.isNaN(Number(t))?"text":"number"} value=${t} min=${s(e.minimum)} max=${s(e.maximum)} step=${e.kind==="number"?"any":1} onInput=${a} />`;case"color":return r`<span class="inline"><input type="color" aria-label=${e.name} value=${`#${/^[0-9a-f]{6}$/i.test(t)?t:"000000"}`}
        onInput=${o=>n(o.target.value.slice(1))} /><input value=${t} size="7" spellcheck=${!1} onInput=${a} /></span>`;default:return r`<input value=${t} placeholder=${e.shape??""} spellcheck=${!1} onInput=${a} />`}}function te({option:e,text:t,onChange:n,onRemove:a}){if(!e)return r`<fieldset class="option"><legend><code>${t}</code></legend><p class="error">${i("playground.unknown")}</p>
      <button class="icon remove" aria-label=${i("playground.remove",{name:t})} onClick=${a}>×</button></fieldset>`;let s=U(e,t),o=(l,c)=>n(Y(t,s.map((p,$)=>$===l?c:p)));return r`<fieldset class="option">
    <legend>${e.name}</legend>
    <button class="icon remove" aria-label=${i("playground.remove",{name:e.name})} onClick=${a}>×</button>
    <p class="faint small">${w(e.meaning)}</p>
    <div class="fields">${e.arguments.map((l,c)=>r`<label title=${`${l.meaning}${l.expected?` (${l.expected.replaceAll("`","")})`:""}`}>
      <span>${l.name}</span><${ee} argument=${l} value=${s[c]} onChange=${p=>o(c,p)} /></label>`)}</div>
    <p class="small"><code class="break">${t}</code></p>
  </fieldset>`}function D({options:e,texts:t,onChange:n}){let a=[...new Set(e.map(o=>o.section))],s=o=>{let l=e.find(c=>c.name===o.target.value);o.target.value="",l&&n([...t,l.example.split("/")[0]||`${l.name}${":"}`])};return r`<div class="options">
    ${t.map((o,l)=>r`<${te} key=${l} option=${N(e,o)} text=${o}
      onChange=${c=>n(t.map((p,$)=>$===l?c:p))}
      onRemove=${()=>n(t.filter((c,p)=>p!==l))} />`)}
    <label class="add">${i("playground.add")}<select onChange=${s}><option value="">${i("playground.choose",{count:e.length})}</option>
      ${a.map(o=>r`<optgroup label=${o}>${e.filter(l=>l.section===o).map(l=>r`<option value=${l.name} title=${l.meaning}>${l.name}</option>`)}</optgroup>`)}</select></label>
  </div>`}var ne=250,ae="image/avif,image/webp,image/png,image/*;q=0.8,*/*;q=0.5",_=["","jpg","webp","avif","jxl","png","gif","tiff","mp4","webm","json"],se=["rs:fill:480:320","g:sm"];function T(e){return{source:e.get("source")??"",options:e.getAll("o"),format:e.get("format")??""}}function v(e){let t=M.value.query,n={...T(t),pin:t.get("pin")??"",...e},a=new URLSearchParams;n.source&&a.set("source",n.source);for(let s of n.options)a.append("o",s);n.format&&a.set("format",n.format),n.pin&&a.set("pin",n.pin),j(`/playground${a.size?`?${a}`:""}`,{replace:!0})}var J=e=>`${e.options.join("/")}@${e.format}`;function oe(e){let t=e.lastIndexOf("@");return{options:e.slice(0,t).split("/").filter(Boolean),format:e.slice(t+1)}}async function re(e,t){let[n]=await y([e],t);if(!n.url)return{url:"",code:n.code,detail:n.detail};let a=await P("POST","/explain",{json:{url:n.url,accept:ae,ask:!0},signal:t}),s={url:n.url,answer:a.answer};return a.answer.status>=400&&(s.code=`${a.answer.status} ${a.errors[0]?.code??""}`.trim(),s.detail=a.answer.text,s.cause=a.errors[0]?.cause,s.remedy=a.errors[0]?.remedy),s}function G(e,t){let n=f(void 0),a=f(!1),s=t&&e?`${e} ${J(t)}`:"";return b(()=>{if(!s||!t){n.value=void 0;return}let o=new AbortController;a.value=!0;let l=setTimeout(()=>{re({source:e,...t},o.signal).then(c=>{n.value=c,a.value=!1}).catch(c=>{o.signal.aborted||(n.value={url:"",detail:R(c)},a.value=!1)})},n.value?ne:0);return()=>{clearTimeout(l),o.abort()}},[s]),{result:n.value,busy:a.value}}function le({result:e,onSides:t}){let n=e.answer?.headers["Content-Type"]??"";return n.startsWith("video/")?r`<video class="result" src=${e.url} controls muted></video>`:n.startsWith("audio/")?r`<audio src=${e.url} controls></audio>`:n.startsWith("image/")?r`<img class="result" src=${e.url} alt=${i("playground.result")} onLoad=${a=>t([a.target.naturalWidth,a.target.naturalHeight])} />`:r`<p><a href=${e.url} target="_blank" rel="noreferrer">${n||i("playground.result")}</a></p>`}function z({name:e,result:t,sides:n,other:a}){if(!t.answer)return null;let s=a?.answer?100*(t.answer.bytes-a.answer.bytes)/a.answer.bytes:null;return r`<p class="figures"><strong>${e}</strong>
    ${n&&r`<span>${E(n[0])} × ${E(n[1])}</span>`}
    <span>${F(t.answer.bytes)}${s===null?"":` (${s>0?"+":""}${E(Math.round(s))} %)`}</span>
    <span>${t.answer.headers["Content-Type"]}</span>
    <span title=${t.answer.headers["Server-Timing"]??""}>${E(Math.round(t.answer.milliseconds))} ms</span></p>`}function ie({result:e}){return r`<div class="refusal" role="alert"><p><strong>${e.code}</strong> ${e.detail}</p>
    ${e.cause&&r`<p>${w(e.cause)}</p>`}${e.remedy&&r`<p class="faint">${w(e.remedy)}</p>`}
    ${e.url&&r`<p><a href=${x(`/explain?url=${encodeURIComponent(e.url)}`)}>${i("playground.explain")}</a></p>`}</div>`}function ce({source:e,onChoose:t}){let n=f([]),a=f(!1);return b(()=>{(async()=>{let{assets:o}=await A("/assets?state=ready&sort=created&order=desc&limit=8&offset=0");if(a.value=!o.length,!o.length)return;let l=await y(o.map(c=>({source:`asset://${c.sha256}`,options:["rs:fill:96:96","g:sm"],format:"webp"})));n.value=o.map((c,p)=>({asset:c,source:`asset://${c.sha256}`,url:l[p].url??""})),T(M.value.query).source||v({source:n.value[0].source,options:T(M.value.query).options.length?void 0:se})})().catch(S)},[]),a.value?r`<p>${i("gallery.empty")}. <a href=${x("/upload")}>${i("nav.upload")}</a></p>`:r`<ul class="recent" aria-label=${i("playground.recent")}>${n.value.map(s=>r`<li><button class="plain" aria-pressed=${s.source===e} title=${s.asset.filename||s.asset.sha256}
    onClick=${()=>t(s.source)}><img src=${s.url||null} width="48" height="48" alt=${s.asset.filename||s.asset.sha256.slice(0,12)} /></button></li>`)}</ul>`}function Pe(){let e=M.value.query,{source:t,options:n,format:a}=T(e),s=e.get("pin")??"",o=f(null),l=f(null),c=f(null),p=f(!1),$=L(null);b(()=>{A("/options").then(u=>{o.value=u.options}).catch(u=>{l.value=u})},[]);let{result:m,busy:g}=G(t,{options:n,format:a}),{result:d}=G(t,s?oe(s):null);if(l.value)return r`<main class="page" id="main" tabindex="-1"><h1>${i("error.title")}</h1><p role="alert">${R(l.value)}</p></main>`;let h=m?.answer&&m.answer.status<400?m:null,H=u=>u?.answer?.headers["Content-Type"]?.startsWith("image/");return r`<main class="page wide" id="main" tabindex="-1" aria-busy=${o.value&&!g?null:"true"}>
    <h1>${i("nav.playground")}</h1>
    <div class="two bench">
      <div>
        <form class="line" onSubmit=${u=>{u.preventDefault(),v({source:$.current?.value.trim()})}}>
          <label>${i("playground.source")}<input ref=${$} key=${t} defaultValue=${t} spellcheck=${!1} placeholder="alias://shop/cup"
            onChange=${u=>v({source:u.target.value.trim()})} /></label>
          <label class="short">${i("playground.format")}<select value=${a} onChange=${u=>v({format:u.target.value})}>
            ${(_.includes(a)?_:[..._,a]).map(u=>r`<option value=${u}>${u||i("playground.negotiated")}</option>`)}</select></label>
        </form>
        <${ce} source=${t} onChoose=${u=>v({source:u})} />
        ${o.value&&r`<${D} options=${o.value} texts=${n} onChange=${u=>v({options:u})} />`}
      </div>
      <div class="stage">
        ${m&&!h&&r`<${ie} result=${m} />`}
        ${h&&r`<div class=${p.value?"sheet whole":"sheet"}>${d&&H(d)&&H(h)&&d.url?r`<${q} left=${d.url} right=${h.url} names=${["A","B"]} />`:r`<${le} result=${h} onSides=${u=>{c.value=u}} />`}</div>
          ${d&&r`<${z} name="A" result=${d} sides=${null} />`}
          <${z} name=${d?"B":""} result=${h} sides=${c.value} other=${d} />
          <p class="actions">
            <button onClick=${()=>v({pin:J({options:n,format:a})})}>${i(s?"playground.pin_again":"playground.pin")}</button>
            ${s&&r`<button onClick=${()=>v({pin:""})}>${i("playground.unpin")}</button>`}
            <button aria-pressed=${p} onClick=${()=>{p.value=!p.value}}>${i("playground.pixels")}</button>
            <a class="button" href=${x(`/explain?url=${encodeURIComponent(h.url)}`)}>${i("playground.explain")}</a></p>
          <${K} wanted=${{source:t,options:n,format:a}} url=${h.url} sides=${c.value} />`}
      </div>
    </div>
  </main>`}export{Pe as Playground};
