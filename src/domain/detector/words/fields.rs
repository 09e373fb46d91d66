//! Words in the names, labels and hints of fields.

use super::Words;

/// A password.
pub(in crate::domain) const PASSWORD: Words = Words {
    en: "password*|passwd|pwd|passphrase|passcode",
    de: "*passwort|*kennwort",
    fr: "mot de passe|mdp|motdepasse",
    es: "contrasena|clave",
    it: "parola chiave",
    nl: "*wachtwoord",
};

/// A user name or customer number.
pub(in crate::domain) const USERNAME: Words = Words {
    en: "user|username*|user name|userid|user id|login|loginid|login id|log|account|account number|\
         customer number|customer id|member number|client id|membership number|identifier|identity|\
         uid|uname|j username|screen name|access id",
    de: "benutzername|*benutzer|nutzername|nutzerkennung|*kennung|anmeldename|*kundennummer|\
         kontonummer|zugangsnummer|teilnehmernummer|mitgliedsnummer",
    fr: "identifiant|nom d utilisateur|utilisateur|nom utilisateur|numero client|numero de client|\
         code client|pseudo",
    es: "usuario|nombre de usuario|identificador|numero de cliente|documento|dni|nif",
    it: "utente|nome utente|codice cliente|codice utente|identificativo|codice fiscale",
    nl: "gebruikersnaam|gebruiker|klantnummer|gebruikers id|lidnummer|inlognaam",
};

/// An e-mail address.
pub(in crate::domain) const EMAIL: Words = Words {
    en: "email*|e mail|mail|mail address|emailaddress",
    de: "mailadresse|e mail adresse",
    fr: "courriel|adresse mail|adresse e mail|adresse electronique",
    es: "correo|correo electronico",
    it: "posta elettronica|indirizzo email",
    nl: "mailadres|e mailadres|emailadres",
};

/// A tenant, company or branch.
pub(in crate::domain) const TENANT: Words = Words {
    en: "tenant|company|company id|organization|organisation|workspace|domain|branch|institution",
    de: "mandant|firma|unternehmen|filiale|blz",
    fr: "entreprise|societe|organisme|agence",
    es: "empresa|organizacion|sucursal",
    it: "azienda|organizzazione|filiale",
    nl: "bedrijf|organisatie|filiaal",
};

/// An account among several.
pub(in crate::domain) const ACCOUNT: Words = Words {
    en: "account|accounts|profile|contract|card",
    de: "konto|konten|depot|profil|vertrag|karte",
    fr: "compte|comptes|profil|contrat|carte",
    es: "cuenta|cuentas|perfil|contrato|tarjeta",
    it: "conto|conti|profilo|contratto|carta",
    nl: "rekening|rekeningen|profiel|contract|kaart",
};

/// One-time codes without doubt.
pub(in crate::domain) const ONE_TIME_CODE: Words = Words {
    en: "otp|totp|otp token|otptoken|otpcode|otp code|one time|onetime|2fa|mfa|tfa|two factor|\
         twofactor|verification code|verificationcode|verify code|authentication code|auth code|\
         authcode|authenticator code|security code|securitycode|access code|login code|\
         confirmation code|sms code|smscode|sms token|backup code|backup token|recovery code|\
         passcode from|digit code",
    de: "einmalcode|einmalkennwort|einmalpasswort|bestatigungscode|sicherheitscode|\
         verifizierungscode|authentifizierungscode|zugangscode|*tan|mtan|smstan|*stelliger code|\
         *stelligen code|ersatzcode|wiederherstellungscode|zwei faktor*",
    fr: "code a usage unique|code de verification|code de securite|code d authentification|\
         code de confirmation|code sms|code de connexion|code de secours|a chiffres|deux facteurs|\
         double authentification",
    es: "codigo de un solo uso|codigo de verificacion|codigo de seguridad|codigo de autenticacion|\
         codigo de confirmacion|codigo sms|codigo de acceso|codigo de respaldo|dos factores|\
         dos pasos",
    it: "codice monouso|codice di verifica|codice di sicurezza|codice di autenticazione|\
         codice di conferma|codice sms|codice di accesso|codice di backup|due fattori|due passaggi",
    nl: "eenmalige code|verificatiecode|beveiligingscode|authenticatiecode|bevestigingscode|\
         sms code|toegangscode|inlogcode|back upcode|herstelcode|twee factor*|twee stappen",
};

/// Words that may mean a one-time code.
pub(in crate::domain) const MAYBE_CODE: Words = Words {
    en: "code|pin|token|digit|digits|challenge|response",
    de: "code|pin|ziffer|ziffern|token",
    fr: "code|chiffre|jeton",
    es: "codigo|pin|digito",
    it: "codice|pin|cifra",
    nl: "code|pin|cijfer",
};

/// Codes that are something else.
pub(in crate::domain) const OTHER_CODE: Words = Words {
    en: "coupon|promo*|voucher|discount|gift|zip*|postal*|postcode|post code|country*|area code|\
         dial code|language|currency|invite*|invitation|referral|card|cvv|cvc|iban|sort code|csrf*|\
         xsrf*|captcha*",
    de: "gutschein*|plz|postleitzahl|vorwahl|landesvorwahl|einladung*|rabatt*",
    fr: "code postal|code promo|bon d achat|indicatif|parrainage",
    es: "codigo postal|cupon|descuento|prefijo",
    it: "codice postale|cap|buono|sconto|prefisso",
    nl: "kortingscode|landcode|cadeau*",
};

/// Looking for something.
pub(in crate::domain) const SEARCH: Words = Words {
    en: "search*|query|q|find|filter|lookup",
    de: "suche*|suchen|suchbegriff|finden",
    fr: "recherche*|chercher|trouver",
    es: "buscar|busqueda|buscador",
    it: "cerca|ricerca",
    nl: "zoek*",
};

/// A phone number.
pub(in crate::domain) const PHONE: Words = Words {
    en: "phone*|mobile*|mobile number|telephone|cell|tel",
    de: "telefon*|handy*|mobilnummer|rufnummer|mobiltelefon",
    fr: "telephone|portable|mobile",
    es: "telefono|movil|celular",
    it: "telefono|cellulare",
    nl: "telefoon*|mobiel*",
};

/// A security question.
pub(in crate::domain) const QUESTION: Words = Words {
    en: "security question|security answer|secret question|secret answer|challenge question|\
         your answer|answer",
    de: "sicherheitsfrage|geheime frage|antwort|ihre antwort",
    fr: "question de securite|question secrete|reponse|votre reponse",
    es: "pregunta de seguridad|pregunta secreta|respuesta",
    it: "domanda di sicurezza|domanda segreta|risposta",
    nl: "beveiligingsvraag|geheime vraag|antwoord",
};

/// A picture that tells people from programs.
pub(in crate::domain) const CAPTCHA: Words = Words {
    en: "captcha*|recaptcha*|hcaptcha*|turnstile|security image|characters in the image|\
         text in the image",
    de: "sicherheitsabfrage|zeichen im bild",
    fr: "caracteres de l image",
    es: "caracteres de la imagen",
    it: "caratteri dell immagine",
    nl: "tekens in de afbeelding",
};

/// A password to be.
pub(in crate::domain) const NEW_PASSWORD: Words = Words {
    en: "new password|newpassword|confirm password|confirm new|repeat password|repeat new|retype|\
         re enter|password again|password2|password confirmation|choose a password|change password|\
         change your password|set a new",
    de: "neues passwort|neues kennwort|passwort wiederholen|kennwort wiederholen|\
         passwort bestatigen|passwort andern|passwort festlegen",
    fr: "nouveau mot de passe|confirmer le mot de passe|confirmez le mot de passe|\
         changer le mot de passe|modifier le mot de passe",
    es: "nueva contrasena|confirmar contrasena|repetir contrasena|repita la contrasena|\
         cambiar contrasena|cambiar la contrasena",
    it: "nuova password|conferma password|ripeti password|cambia password|cambia la password",
    nl: "nieuw wachtwoord|bevestig wachtwoord|herhaal wachtwoord|wachtwoord herhalen|\
         wachtwoord wijzigen",
};

/// Staying signed in.
pub(in crate::domain) const REMEMBER: Words = Words {
    en: "remember*|stay signed in|keep me|stay logged in|trust*",
    de: "angemeldet bleiben|merken|eingeloggt bleiben",
    fr: "se souvenir|rester connecte|memoriser",
    es: "recordar*|recuerdame|mantener la sesion",
    it: "ricorda*|resta connesso",
    nl: "onthoud*|ingelogd blijven|aangemeld blijven",
};
