//! Words in what a site tells people.

use super::Words;

/// What was typed is wrong.
pub(in crate::domain) const WRONG: Words = Words {
    en: "incorrect*|invalid|wrong|not valid|not match*|didn t match|doesn t match|don t match|does not match|\
         do not match|not recognised|not recognized|didn t recognise|didn t recognize|\
         does not exist|doesn t exist|no account|unknown user|unknown username|couldn t find|\
         could not find|cannot find|not found|failed|unsuccessful|denied|rejected|correct username|\
         correct email|bad credentials|bad username|could not verify|couldn t verify|unable to log|\
         unable to sign|not registered|mismatch|check your username|check your password|\
         check your login|check your details|check your credentials|not correct|isn t correct|\
         isn t right|not right|cannot be used",
    de: "falsch*|ungultig*|inkorrekt*|nicht korrekt|nicht richtig|stimmt nicht|stimmen nicht|\
         fehlgeschlagen|unbekannt*|nicht gefunden|existiert nicht|nicht erkannt|fehlerhaft*|\
         nicht gultig|nicht ubereinstimm*|passen nicht|abgelehnt",
    fr: "incorrect*|invalide*|errone*|non valide|non reconnu*|echec|echoue*|introuvable|inconnu*|\
         n existe pas|ne correspond*|pas valide|pas correct|refuse*",
    es: "incorrect*|invalid*|no valid*|no es valid*|no es correct*|no son correct*|no son valid*|erroneo*|erronea*|equivocad*|\
         no coincide*|no existe|no encontrad*|fallid*|fallo|no se reconoce|rechazad*",
    it: "errat*|non valid*|non e valid*|non sono valid*|non corrett*|non e corrett*|non sono corrett*|non corrispond*|sbagliat*|non riconosciut*|non esiste|\
         non trovat*|fallit*|credenziali non|rifiutat*",
    nl: "onjuist*|ongeldig*|verkeerd*|niet correct|niet juist|klopt niet|kloppen niet|\
         komt niet overeen|komen niet overeen|mislukt*|onbekend*|niet gevonden|bestaat niet|\
         niet herkend|geweigerd",
};

/// A code or a link that is too old.
pub(in crate::domain) const CODE_TOO_OLD: Words = Words {
    en: "code has expired|code expired|expired code|code is expired|code is no longer valid|\
         token has expired|token expired|code has timed out|pin has expired",
    de: "code ist abgelaufen|code abgelaufen|abgelaufener code|nicht mehr gultig|\
         tan ist abgelaufen|tan abgelaufen",
    fr: "code a expire|code expire|code est expire|plus valide",
    es: "codigo ha caducado|codigo caducado|codigo ha expirado|codigo expirado|ya no es valido",
    it: "codice e scaduto|codice scaduto|non e piu valido",
    nl: "code is verlopen|code verlopen|verlopen code|niet meer geldig",
};

/// An account that is locked now.
pub(in crate::domain) const LOCKED: Words = Words {
    en: "account is locked|account locked|account has been locked|account is temporarily locked|\
         account was locked|account temporarily locked|been locked out|locked your account|\
         login is locked|user is locked|access has been locked|account is now locked|\
         account has been temporarily locked|your account is blocked|account has been blocked",
    de: "konto ist gesperrt|konto gesperrt|konto wurde gesperrt|zugang ist gesperrt|\
         zugang wurde gesperrt|zugang gesperrt|benutzer gesperrt|benutzer ist gesperrt|\
         vorubergehend gesperrt|account gesperrt|account ist gesperrt|account wurde gesperrt",
    fr: "compte est verrouille|compte verrouille|compte a ete verrouille|compte est bloque|\
         compte bloque|compte a ete bloque|acces bloque|acces est bloque|temporairement bloque|\
         temporairement verrouille",
    es: "cuenta esta bloqueada|cuenta bloqueada|cuenta ha sido bloqueada|usuario bloqueado|\
         usuario esta bloqueado|acceso bloqueado|bloqueada temporalmente|cuenta se ha bloqueado",
    it: "account e bloccato|account bloccato|account e stato bloccato|utente bloccato|\
         utenza bloccata|accesso bloccato|temporaneamente bloccato|conto bloccato|profilo bloccato",
    nl: "account is geblokkeerd|account geblokkeerd|account is vergrendeld|account vergrendeld|\
         toegang geblokkeerd|toegang is geblokkeerd|tijdelijk geblokkeerd|tijdelijk vergrendeld",
};

/// What may happen later, if the customer errs again: not a state of now.
pub(in crate::domain) const MAY_LOCK: Words = Words {
    en: "or your account|or the account|or account|or is locked|or disabled|will be locked|\
         will be blocked|may be locked|could be locked|before your account|attempts left|\
         attempts remaining|attempt remaining|attempt left|tries left|remaining attempts|avoid|\
         to prevent|gets locked|if your account",
    de: "oder ihr konto|oder das konto|wird gesperrt|gesperrt werden|verbleibende versuche|\
         verbleiben|noch versuche|bevor|um zu vermeiden|falls ihr",
    fr: "ou votre compte|ou le compte|sera bloque|sera verrouille|sera temporairement|\
         tentatives restantes|avant que|avant le blocage|restant*|si votre compte",
    es: "o su cuenta|o tu cuenta|o la cuenta|sera bloquead*|se bloqueara|intentos restantes|\
         le quedan|te quedan|antes de que|si su cuenta",
    it: "o il tuo account|o l account|sara bloccat*|verra bloccat*|tentativi rimasti|\
         tentativi rimanenti|prima che|se il tuo account",
    nl: "of uw account|of je account|wordt geblokkeerd|wordt vergrendeld|resterende pogingen|\
         pogingen over|voordat|als uw account",
};

/// An account that is closed or not open yet.
pub(in crate::domain) const DISABLED: Words = Words {
    en: "account is disabled|account disabled|account has been disabled|account is deactivated|\
         account has been deactivated|account is suspended|account suspended|\
         account has been suspended|account is inactive|account inactive|account is not active|\
         account has been closed|account is closed|user is disabled|user disabled|\
         account is not activated",
    de: "konto ist deaktiviert|konto deaktiviert|konto wurde deaktiviert|konto ist inaktiv|\
         konto ist nicht aktiv|benutzer deaktiviert|konto wurde geschlossen|account deaktiviert|\
         nicht freigeschaltet",
    fr: "compte est desactive|compte desactive|compte a ete desactive|compte est inactif|\
         compte inactif|compte suspendu|compte est suspendu|compte a ete suspendu|compte cloture",
    es: "cuenta esta desactivada|cuenta desactivada|cuenta ha sido desactivada|\
         cuenta deshabilitada|cuenta esta inactiva|cuenta inactiva|cuenta suspendida|\
         cuenta ha sido suspendida|usuario deshabilitado",
    it: "account e disattivato|account disattivato|account e stato disattivato|\
         account disabilitato|account sospeso|account e sospeso|account non attivo|\
         utente disabilitato",
    nl: "account is uitgeschakeld|account uitgeschakeld|account is gedeactiveerd|\
         account is opgeschort|account is inactief|account is niet actief|account is gesloten",
};

/// An account, in a text that says what became of it.
pub(in crate::domain) const ACCOUNT: Words = Words {
    en: "account|profile",
    de: "*konto|zugang|account",
    fr: "compte|acces",
    es: "cuenta|usuario",
    it: "account|utente|utenza|profilo|conto",
    nl: "account|toegang",
};

/// Locked, of an account.
pub(in crate::domain) const IS_LOCKED: Words = Words {
    en: "locked|blocked",
    de: "gesperrt|blockiert",
    fr: "verrouille*|bloque*",
    es: "bloquead*",
    it: "bloccat*",
    nl: "geblokkeerd|vergrendeld",
};

/// Closed, of an account.
pub(in crate::domain) const IS_DISABLED: Words = Words {
    en: "disabled|deactivated|suspended",
    de: "deaktiviert",
    fr: "desactive*|suspendu*",
    es: "desactivad*|deshabilitad*|suspendid*",
    it: "disattivat*|disabilitat*|sospes*",
    nl: "uitgeschakeld|gedeactiveerd|opgeschort",
};

/// A password that must be changed.
pub(in crate::domain) const PASSWORD_TOO_OLD: Words = Words {
    en: "password has expired|password expired|password is expired|must change your password|\
         need to change your password|required to change your password|\
         have to change your password|update your password to continue",
    de: "passwort ist abgelaufen|passwort abgelaufen|kennwort ist abgelaufen|kennwort abgelaufen|\
         mussen ihr passwort andern|mussen ihr kennwort andern|musst dein passwort andern",
    fr: "mot de passe a expire|mot de passe expire|mot de passe est expire|\
         devez changer votre mot de passe|devez modifier votre mot de passe",
    es: "contrasena ha caducado|contrasena caducada|contrasena ha expirado|contrasena expirada|\
         debe cambiar su contrasena|debes cambiar tu contrasena",
    it: "password e scaduta|password scaduta|devi cambiare la password|devi modificare la password|\
         deve cambiare la password",
    nl: "wachtwoord is verlopen|wachtwoord verlopen|moet uw wachtwoord wijzigen|\
         moet je wachtwoord wijzigen",
};

/// Too much, too fast.
pub(in crate::domain) const TOO_MANY: Words = Words {
    en: "too many|rate limit*|too often|temporarily blocked|slow down|please wait before",
    de: "zu viele|zu oft",
    fr: "trop de tentatives|trop d essais|trop de demandes|trop de requetes",
    es: "demasiados intentos|demasiadas solicitudes|demasiadas veces",
    it: "troppi tentativi|troppe richieste",
    nl: "te veel pogingen|te veel mislukte|te veel verzoeken|te vaak",
};

/// The site's own trouble: says nothing about what was typed.
pub(in crate::domain) const SITE_TROUBLE: Words = Words {
    en: "try again later|right now|at this time|error occurred|error has occurred|\
         session has expired|session expired|session timed out|timed out|csrf|something went wrong|\
         internal error|server error|technical|unexpected error|maintenance|\
         temporarily unavailable|service unavailable|page has expired|cookies|javascript|robot|\
         captcha",
    de: "spater erneut|spater noch einmal|es spater|fehler ist aufgetreten|sitzung ist abgelaufen|\
         sitzung abgelaufen|technisch*|interner fehler|unerwarteter fehler|wartung*|\
         nicht verfugbar|zeituberschreitung",
    fr: "plus tard|erreur est survenue|erreur s est produite|session a expire|session expiree|\
         technique*|erreur interne|erreur inattendue|maintenance|indisponible",
    es: "mas tarde|producido un error|ocurrido un error|sesion ha caducado|sesion ha expirado|\
         sesion expirada|sesion caducada|tecnico*|error interno|error inesperado|mantenimiento|\
         no disponible",
    it: "piu tardi|verificato un errore|sessione e scaduta|sessione scaduta|tecnico|errore interno|\
         errore imprevisto|manutenzione|non disponibile",
    nl: "later opnieuw|het later|fout opgetreden|sessie is verlopen|sessie verlopen|technisch*|\
         interne fout|onverwachte fout|onderhoud|niet beschikbaar",
};

/// Taken for a robot.
pub(in crate::domain) const ROBOT: Words = Words {
    en: "unusual traffic|automated|are you a robot|are you human|not a robot|verify you are human|\
         checking your browser|bot detection|request blocked|you have been blocked|\
         attention required",
    de: "ungewohnlichen datenverkehr|automatisiert*|kein roboter|anfrage blockiert",
    fr: "trafic inhabituel|automatise*|pas un robot|requete bloquee",
    es: "trafico inusual|automatizad*|no soy un robot|no es un robot",
    it: "traffico insolito|automatizzat*|non sono un robot",
    nl: "ongebruikelijk verkeer|geautomatiseerd*|geen robot",
};

/// No right to go in.
pub(in crate::domain) const NO_ACCESS: Words = Words {
    en: "no access|not authorized|not authorised|no permission|do not have access|\
         don t have access|do not have permission|don t have permission|not permitted|\
         access denied|forbidden",
    de: "kein zugriff|keinen zugriff|keine berechtigung|nicht berechtigt|zugriff verweigert",
    fr: "acces refuse|pas autorise|n etes pas autorise|aucun acces|n avez pas acces",
    es: "acceso denegado|no tiene acceso|no tienes acceso|sin permiso|no esta autorizado",
    it: "accesso negato|non hai accesso|non autorizzato|permesso negato",
    nl: "geen toegang|geen rechten|niet gemachtigd|toegang geweigerd",
};

/// Somebody is signed in already.
pub(in crate::domain) const OTHER_SESSION: Words = Words {
    en: "another session|other session|active session|logged in elsewhere|signed in elsewhere|\
         logged in on another|signed in on another|\
         another device is",
    de: "andere sitzung|anderen sitzung|aktive sitzung",
    fr: "autre session|session active",
    es: "otra sesion|sesion activa",
    it: "un altra sessione|sessione attiva",
    nl: "andere sessie|actieve sessie",
};

/// Something to do at the site before going on.
pub(in crate::domain) const TO_DO: Words = Words {
    en: "verify your email|confirm your email|complete your profile|activate your account|\
         complete your registration|update your details|set up two factor|set up two step|\
         enable two factor|enrol|enroll",
    de: "e mail adresse bestatigen|bestatigen sie ihre e mail|profil vervollstandigen|\
         aktivieren sie ihr konto|konto aktivieren",
    fr: "confirmez votre adresse votre adresse|completez votre profil|activez votre compte",
    es: "confirme su correo|confirma tu correo|verifica tu correo|complete su perfil|\
         completa tu perfil|active su cuenta|activa tu cuenta",
    it: "conferma la tua email|verifica la tua email|completa il tuo profilo|attiva il tuo account",
    nl: "bevestig uw e mail|bevestig je e mail|verifieer je e mail|vul je profiel|\
         activeer uw account|activeer je account",
};

/// Trusting this device from now on.
pub(in crate::domain) const TRUST_DEVICE: Words = Words {
    en: "trust this|trust device|trusted device|remember this device|remember this browser|\
         remember this computer|stay signed in",
    de: "gerat vertrauen|browser vertrauen|vertrauenswurdig*|gerat merken|angemeldet bleiben",
    fr: "faire confiance a cet|appareil de confiance|memoriser cet appareil|rester connecte",
    es: "confiar en este|dispositivo de confianza|recordar este|mantener la sesion iniciada",
    it: "considera attendibile|dispositivo attendibile|dispositivo affidabile|ricorda questo|\
         resta collegato|rimani connesso",
    nl: "apparaat vertrouwen|vertrouwd apparaat|vertrouw dit|dit apparaat onthouden|aangemeld blijven",
};

/// Scripts are needed.
pub(in crate::domain) const SCRIPTS: Words = Words {
    en: "javascript|java script|enable scripts",
    de: "javascript|skripte",
    fr: "javascript",
    es: "javascript",
    it: "javascript",
    nl: "javascript",
};

/// Approving somewhere else.
pub(in crate::domain) const APPROVE_ELSEWHERE: Words = Words {
    en: "approve|approval|push notification|sent a notification|sent you a notification|\
         notification to your|open the app|open your app|confirm in the app|in your app|\
         on your phone|on your mobile|on your device|click the link|link we sent|link in the email|\
         security key|tap yes|magic link|sign in link|login link",
    de: "freigeben|freigabe|in der app|in ihrer app|push nachricht|benachrichtigung gesendet|\
         auf ihrem smartphone|auf ihrem handy|link in der e mail|sicherheitsschlussel",
    fr: "approuver|approuvez|dans l application|dans votre application|notification push|\
         sur votre telephone|sur votre mobile|cliquez sur le lien|cle de securite",
    es: "aprobar|apruebe|aprueba|en la aplicacion|en su aplicacion|en tu aplicacion|\
         notificacion push|en su telefono|en tu telefono|en su movil|haga clic en el enlace|\
         llave de seguridad",
    it: "approva|approvare|nell app|notifica push|sul tuo telefono|sul telefono|sul cellulare|\
         clicca sul link|chiave di sicurezza",
    nl: "goedkeuren|keur goed|in de app|in uw app|pushmelding|pushbericht|op uw telefoon|\
         op je telefoon|klik op de link|beveiligingssleutel",
};

/// An approval that did not come in time.
pub(in crate::domain) const APPROVED_TOO_LATE: Words = Words {
    en: "timed out|time out|timeout|request expired|request has expired|in time|time is up|no longer valid",
    de: "zeit abgelaufen|zeituberschreitung|nicht rechtzeitig|abgelaufen",
    fr: "expire*|delai depasse|temps ecoule",
    es: "caducad*|expirad*|tiempo agotado",
    it: "scadut*|tempo esaurito",
    nl: "verlopen|niet op tijd",
};

/// An approval that was refused or came too late.
pub(in crate::domain) const NOT_APPROVED: Words = Words {
    en: "was denied|request denied|declined|was rejected|not approved|timed out|request expired",
    de: "abgelehnt|nicht freigegeben|zeit abgelaufen",
    fr: "refuse*|expire*",
    es: "rechazad*|denegad*|caducad*",
    it: "rifiutat*|negat*|scadut*",
    nl: "geweigerd|afgewezen|verlopen",
};

/// Something to read and agree with before going on.
pub(in crate::domain) const NOTICE: Words = Words {
    en: "terms|conditions|privacy policy|trust this|trusted device|remember this|stay signed in|\
         keep me signed in|do you want to|would you like|important notice|notice|consent|agreement|\
         will expire|expires in|expires soon|another session|authorize|save this",
    de: "nutzungsbedingungen|geschaftsbedingungen|agb|datenschutz*|vertrauen|vertrauenswurdig*|\
         angemeldet bleiben|mochten sie|hinweis|zustimm*|einwillig*|lauft ab",
    fr: "conditions|politique de confidentialite|confiance|rester connecte|voulez vous|\
         souhaitez vous|consentement|avis|expire bientot",
    es: "terminos|condiciones|privacidad|confiar|de confianza|mantener la sesion|desea|quiere|\
         consentimiento|aviso|caducara",
    it: "termini|condizioni|privacy|attendibile|fidato|resta connesso|vuoi|desidera|consenso|\
         avviso|scadra",
    nl: "voorwaarden|privacybeleid|vertrouw*|ingelogd blijven|aangemeld blijven|wilt u|wil je|\
         toestemming|melding|verloopt",
};

/// Choosing a way or a target.
pub(in crate::domain) const CHOOSE: Words = Words {
    en: "choose|select|how would you like|how do you want|which|pick|where should we|\
         verification method|method",
    de: "wahlen|auswahlen|wie mochten sie|welche*|methode|verfahren",
    fr: "choisir|choisissez|selectionner|selectionnez|comment souhaitez|quel*|methode",
    es: "elegir|elija|elige|seleccionar|seleccione|selecciona|como desea|como quiere|metodo",
    it: "scegli|scegliere|seleziona|selezionare|come vuoi|metodo",
    nl: "kies|kiezen|selecteer|hoe wilt u|hoe wil je|welke|methode",
};

/// A text message.
pub(in crate::domain) const BY_SMS: Words = Words {
    en: "sms|text message|texted|sent a text|your phone|your mobile|phone number",
    de: "sms|mtan|ihr handy|mobiltelefon|ihre mobilnummer",
    fr: "sms|votre mobile|votre telephone|texto",
    es: "sms|mensaje de texto|su movil|tu movil|su telefono",
    it: "sms|messaggio di testo|tuo telefono|tuo cellulare",
    nl: "sms|uw telefoon|je telefoon|uw mobiel",
};

/// An e-mail.
pub(in crate::domain) const BY_EMAIL: Words = Words {
    en: "email*|e mail|inbox|mailbox",
    de: "e mail|email|postfach",
    fr: "e mail|email|courriel|mail",
    es: "correo|email|e mail",
    it: "email|e mail|posta",
    nl: "e mail|email|mail",
};

/// A call.
pub(in crate::domain) const BY_CALL: Words = Words {
    en: "call you|call me|called|phone call|voice call|calling",
    de: "anruf|rufen sie an|rufen wir",
    fr: "appel|appeler",
    es: "llamada|llamar*",
    it: "chiamata|chiamare*",
    nl: "oproep|bellen|gebeld",
};

/// An authenticator app.
pub(in crate::domain) const BY_APP: Words = Words {
    en: "authenticator|authentication app|authenticator app|token generator|generated by|\
         generated via|app|totp",
    de: "authenticator*|authentifizierungs app|app|generiert",
    fr: "authenticator|application d authentification|application|genere",
    es: "authenticator|aplicacion de autenticacion|aplicacion|autenticador|generado",
    it: "authenticator|app di autenticazione|app|autenticatore|generato",
    nl: "authenticator*|authenticatie app|app|gegenereerd",
};

/// A saved or printed list.
pub(in crate::domain) const BY_LIST: Words = Words {
    en: "backup code|backup codes|backup token|backup tokens|recovery code|recovery codes|\
         scratch code|saved code|code list",
    de: "ersatzcode|backup code|wiederherstellungscode|itan|tan liste",
    fr: "code de secours|codes de secours|code de recuperation",
    es: "codigo de respaldo|codigos de respaldo|codigo de recuperacion",
    it: "codice di backup|codici di backup|codice di riserva|codice di recupero",
    nl: "back upcode|reservecode|herstelcode",
};

/// How a site marks its errors, in class names and ids.
pub(in crate::domain) const ERROR_MARKS: Words = Words {
    en: "error*|err|alert*|invalid*|danger*|warn*|fail*|flash*|feedback*|problem*|toast*|\
         validation*",
    de: "fehler*",
    fr: "erreur*",
    es: "errores",
    it: "errore*|errori",
    nl: "fout*|foutmelding*",
};

/// How a site marks good news and small talk, in class names and ids.
pub(in crate::domain) const CALM_MARKS: Words = Words {
    en: "success*|info*|hint*|help*|cookie*|consent*|footer*",
    de: "",
    fr: "",
    es: "",
    it: "",
    nl: "",
};

/// Mail that people subscribe to.
pub(in crate::domain) const NEWSLETTER: Words = Words {
    en: "newsletter|subscribe|mailing list",
    de: "newsletter|abonnieren",
    fr: "newsletter|abonner|lettre d information",
    es: "newsletter|boletin|suscrib*",
    it: "newsletter|iscrizione alla newsletter",
    nl: "nieuwsbrief|abonneren",
};
