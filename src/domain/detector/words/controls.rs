//! Words on buttons, links, headings and titles.

use super::Words;

/// Signing in.
pub(in crate::domain) const SIGN_IN: Words = Words {
    en: "sign in|signin|log in|login|log on|logon|sign on|enter your credentials",
    de: "anmelden|einloggen|anmeldung|einwahlen",
    fr: "connexion|se connecter|connectez vous|me connecter|identifiez vous|s identifier",
    es: "iniciar sesion|inicia sesion|inicio de sesion|acceder|entrar|ingresar|acceso",
    it: "accedi|accesso|entra|autenticati",
    nl: "inloggen|aanmelden|log in|meld je aan",
};

/// Making an account.
pub(in crate::domain) const SIGN_UP: Words = Words {
    en: "sign up|signup|register|registration|create account|create an account|create my account|\
         create your account|join now|new account|new customer",
    de: "registrieren|registrierung|konto erstellen|konto anlegen|konto eroffnen|neukunde|\
         neues konto",
    fr: "s inscrire|inscription|inscrivez vous|creer un compte|creer mon compte|creer votre compte|\
         nouveau client",
    es: "registrarse|registrate|registrarme|registro|crear cuenta|crear una cuenta|crear mi cuenta",
    it: "registrati|registrazione|crea account|crea un account|crea il tuo account|iscriviti",
    nl: "registreren|registreer|account aanmaken|account maken|maak een account|nieuwe klant",
};

/// Going on.
pub(in crate::domain) const CONTINUE: Words = Words {
    en: "continue|next|submit|verify|confirm|proceed|go|ok|validate|authenticate|send|unlock",
    de: "weiter|fortfahren|bestatigen|absenden|prufen|verifizieren|senden|ok",
    fr: "continuer|suivant|valider|confirmer|envoyer|verifier|poursuivre",
    es: "continuar|siguiente|enviar|confirmar|verificar|aceptar|validar",
    it: "continua|avanti|invia|conferma|verifica|prosegui",
    nl: "doorgaan|volgende|verder|verzenden|bevestigen|verifieren|controleren",
};

/// Giving up or going back.
pub(in crate::domain) const CANCEL: Words = Words {
    en: "cancel|back|abort|go back|previous|close|start over|reset|clear",
    de: "abbrechen|zuruck|schliessen|zurucksetzen",
    fr: "annuler|retour|fermer|precedent|revenir",
    es: "cancelar|volver|atras|cerrar|anterior",
    it: "annulla|indietro|chiudi|torna",
    nl: "annuleren|terug|sluiten|vorige",
};

/// Help with a lost password or account.
pub(in crate::domain) const FORGOT: Words = Words {
    en: "forgot*|reset password|reset your password|lost password|lost your password|recover|\
         recovery|trouble|can t access|need help",
    de: "vergessen|zurucksetzen|probleme beim anmelden|hilfe",
    fr: "oublie*|reinitialiser|besoin d aide",
    es: "olvid*|restablecer|recuperar|ayuda",
    it: "dimenticat*|reimposta|recupera|aiuto",
    nl: "vergeten|herstellen|hulp",
};

/// Other people's sign-ins, and sign-ins without a password.
pub(in crate::domain) const PROVIDER: Words = Words {
    en: "google|apple|facebook|microsoft|github|gitlab|linkedin|twitter|amazon|sso|single sign on|\
         saml|passkey|security key|magic link|qr code|sign in with|log in with|login with|\
         continue with",
    de: "anmelden mit|weiter mit|sicherheitsschlussel",
    fr: "se connecter avec|continuer avec|cle de securite",
    es: "iniciar sesion con|continuar con|llave de seguridad",
    it: "accedi con|continua con|chiave di sicurezza",
    nl: "inloggen met|doorgaan met|beveiligingssleutel",
};

/// Showing what was typed.
pub(in crate::domain) const SHOW: Words = Words {
    en: "show|show password|hide|hide password|toggle|reveal",
    de: "anzeigen|einblenden|ausblenden",
    fr: "afficher|masquer",
    es: "mostrar|ocultar",
    it: "mostra|nascondi",
    nl: "toon|tonen|verberg",
};

/// Sending a code once more.
pub(in crate::domain) const RESEND: Words = Words {
    en: "resend|re send|send again|send it again|send a new|send new|new code|another code|\
         didn t receive|did not receive|didn t get|request a new",
    de: "erneut senden|nochmals senden|noch einmal senden|neuen code|neuer code|code erneut|\
         nicht erhalten|neue tan",
    fr: "renvoyer|nouveau code|envoyer a nouveau|pas recu",
    es: "reenviar|nuevo codigo|volver a enviar|enviar de nuevo|no he recibido|no recibi*",
    it: "rinvia|invia di nuovo|nuovo codice|invia nuovamente|reinvia|non ho ricevuto",
    nl: "opnieuw verzenden|opnieuw versturen|opnieuw sturen|nieuwe code|nog een keer|niet ontvangen",
};

/// Another way to prove who one is.
pub(in crate::domain) const ANOTHER_WAY: Words = Words {
    en: "another way|other way|other ways|other option|other options|try another|different method|\
         other method|another method|use a different|instead|backup code|backup token|\
         backup tokens|recovery code|recovery codes|use backup|text message|send sms|send code|\
         send a code|text me|call me|via sms|by sms|via email|by email|e mail me|email me|\
         via phone|authenticator app|use your authenticator|use an app|use the app|can t use",
    de: "andere methode|anderes verfahren|andere moglichkeit|anderen weg|auf andere weise|\
         stattdessen|per sms|per e mail|per email|per anruf|sms senden|code senden|ersatzcode|\
         backup code|wiederherstellungscode|authenticator",
    fr: "autre methode|autre moyen|autrement|autre facon|par sms|par e mail|par email|par mail|\
         par telephone|code de secours|code de recuperation|envoyer un code|envoyer un sms",
    es: "otro metodo|otra manera|otra forma|otra opcion|por sms|por correo|por telefono|\
         codigo de respaldo|codigo de recuperacion|enviar codigo|enviar un codigo",
    it: "altro metodo|altro modo|un altra opzione|via sms|tramite sms|via email|tramite email|\
         codice di backup|codice di riserva|codice di recupero|invia codice|invia un codice",
    nl: "andere methode|andere manier|andere optie|via sms|per sms|via e mail|per e mail|\
         back upcode|reservecode|herstelcode|stuur een code|code sturen",
};

/// Ending a session.
pub(in crate::domain) const LOG_OUT: Words = Words {
    en: "log out|logout|log off|logoff|sign out|signout|sign off|signoff",
    de: "abmelden|ausloggen|abmeldung",
    fr: "deconnexion|se deconnecter|me deconnecter|deconnecter",
    es: "cerrar sesion|cerrar la sesion|salir|desconectar|desconectarse|finalizar sesion",
    it: "esci|disconnetti|disconnettiti|scollegati",
    nl: "uitloggen|afmelden|log uit",
};

/// Being at home.
pub(in crate::domain) const AT_HOME: Words = Words {
    en: "logged in as|signed in as|welcome back|my account|your account|my profile|\
         account settings|hello|welcome",
    de: "angemeldet als|eingeloggt als|willkommen|mein konto|mein profil|hallo|kontoeinstellungen",
    fr: "connecte en tant que|bienvenue|mon compte|mon profil|bonjour|mon espace",
    es: "sesion iniciada como|conectado como|bienvenido|bienvenida|mi cuenta|mi perfil|hola",
    it: "connesso come|benvenuto|benvenuta|il mio account|il mio profilo|ciao",
    nl: "ingelogd als|aangemeld als|welkom|mijn account|mijn profiel|hallo",
};

/// Agreeing.
pub(in crate::domain) const ACCEPT: Words = Words {
    en: "accept|agree|i agree|yes|allow|trust|got it|understood|acknowledge|approve|authorize",
    de: "akzeptieren|zustimmen|einverstanden|ja|erlauben|vertrauen|verstanden|annehmen",
    fr: "accepter|j accepte|oui|autoriser|d accord|compris",
    es: "aceptar|acepto|si|permitir|de acuerdo|entendido|autorizar",
    it: "accetta|accetto|si|consenti|autorizza|ho capito",
    nl: "accepteren|akkoord|ja|toestaan|vertrouwen|begrepen",
};

/// Saying that an approval was given elsewhere.
pub(in crate::domain) const APPROVED: Words = Words {
    en: "i have approved|i approved|i ve approved|i have confirmed|i have done|approved it|i have scanned",
    de: "freigegeben|bestatigt|ich habe",
    fr: "j ai approuve|j ai confirme|j ai valide",
    es: "he aprobado|he confirmado|ya he",
    it: "ho approvato|ho confermato",
    nl: "ik heb goedgekeurd|ik heb bevestigd|goedgekeurd",
};

/// Refusing or putting off.
pub(in crate::domain) const DECLINE: Words = Words {
    en: "decline|no|no thanks|not now|skip|later|deny|don t|do not|remind me later|maybe later|\
         reject",
    de: "ablehnen|nein|nein danke|nicht jetzt|uberspringen|spater|nicht",
    fr: "refuser|non|non merci|pas maintenant|passer|plus tard|ignorer",
    es: "rechazar|no gracias|ahora no|omitir|mas tarde|no",
    it: "rifiuta|no grazie|non ora|salta|piu tardi|no",
    nl: "weigeren|nee|nee bedankt|niet nu|overslaan|later",
};
