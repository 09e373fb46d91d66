//! German.

use entity::FailureCode;
use entity::FailureCode as F;

use super::{Told, Words};

pub(super) static WORDS: Words = Words {
    lang: "de",
    step: "Schritt {n} von 3",
    steps: ["Start", "Anmelden", "Fertig"],
    footer: "Diese Seite meldet Sie für {workspace} bei {site} an. Sie wird nicht von {site} betrieben.",
    help: "Hilfe von {workspace}",
    write_to: "An {email} schreiben",
    privacy: "Datenschutz bei {workspace}",

    landing: Told {
        title: "Bei {site} anmelden",
        text: "{workspace} bittet Sie, sich anzumelden, um die nötigen Daten aus Ihrem Konto abzurufen.",
    },
    landing_title: "Bei {site} anmelden für {workspace}",
    landing_button: "Weiter",
    landing_unexpected: "Damit nicht gerechnet? Schließen Sie die Seite. Es geschieht nichts, bevor Sie fortfahren.",
    landing_how: "Wie es weitergeht",
    landing_here: "Sie geben Ihre Zugangsdaten auf dieser Seite ein, und sie meldet Sie in Ihrem Namen bei {origin} an.",
    landing_hidden: "{workspace} sieht weder Ihr Passwort noch Ihre Codes.",
    keep_never: "Nichts wird aufbewahrt: Ihr Passwort dient der Anmeldung und wird dann vergessen, und die Sitzung \
                 bei {site} wird gelöscht, sobald die Arbeit getan ist.",
    keep_session: "Das Passwort wird nicht aufbewahrt. Die Sitzung bei {site} wird bis zu 30 Tage verschlüsselt \
                   gespeichert.",
    keep_vault: "Die Sitzung bei {site} wird bis zu 30 Tage verschlüsselt gespeichert. Ihr Passwort wird nur \
                 aufbewahrt, wenn Sie dem dort zustimmen, wo Sie es eingeben.",

    opening: Told { title: "{site} wird geöffnet", text: "Das dauert meist nur ein paar Sekunden." },
    in_line: Told {
        title: "Sie sind als Nummer {place} an der Reihe",
        text: "Alles, was {site} öffnen kann, ist gerade belegt. Lassen Sie diese Seite offen: Sie geht von selbst \
               weiter, sobald Sie dran sind.",
    },
    checking: Told { title: "{site} prüft", text: "Das dauert meist nur ein paar Sekunden." },
    slow: "Es dauert länger als sonst. Sie können diese Seite offen lassen: Nichts geht verloren.",
    reload: "Es tut sich nichts? Seite neu laden",

    ask_credentials: "Bei {site} anmelden",
    ask_code: "Code eingeben",
    ask_questions: "Sicherheitsfrage beantworten",
    ask_choice: "Wie soll es weitergehen?",
    ask_approval: "Anmeldung freigeben",
    ask_phone: "Telefonnummer eingeben",
    ask_captcha: "Geben Sie ein, was das Bild zeigt",
    ask_notice: "Ein Hinweis von {site}",
    ask_new_password: "Neues Passwort festlegen",
    ask_handoff: "Etwas ist bei {site} zu tun",

    says: "{origin} schreibt",
    goes_to: "Ihre Antwort geht an {origin}",
    problem: "Das hat nicht geklappt",
    error_prefix: "Fehler: ",
    tries_one: "Sie haben hier noch 1 Versuch.",
    tries_many: "Sie haben hier noch {n} Versuche.",
    old_prompt: "Ihre Eingabe gehörte zu einer früheren Frage und wurde nicht verwendet. Hier geht es jetzt weiter.",
    not_taken: "Ihre Eingabe konnte nicht verwendet werden.",
    optional: "freiwillig",
    consent: "Benutzername und Passwort verschlüsselt aufbewahren, damit {workspace} mich bei {site} ohne Rückfrage wieder anmelden lassen kann. {workspace} löscht sie jederzeit auf meinen Wunsch.",
    choose: "Bitte wählen",
    show_secret: "Zeigen",
    hide_secret: "Verbergen",
    picture: "Bild von {origin}",
    scan: "Bild von {origin}, mit der App zu scannen",
    waiting: "Wir warten auf Sie …",
    resend_in: "In {n} Sekunden können Sie es noch einmal senden lassen.",
    number: "Zahl zum Vergleichen",
    by_itself: "Diese Seite geht von selbst weiter, sobald {site} Bescheid weiß.",
    prove_there: "{site} will einen Beweis, dass da ein Mensch ist, und nimmt ihn nur in Ihrem eigenen Browser an. \
                  Melden Sie sich dort einmal bei {origin} an, kommen Sie zurück und machen Sie hier weiter: Oft \
                  wird dann nicht mehr gefragt.",
    open_site: "{origin} in einem neuen Tab öffnen",

    code_sms: "Der Code kommt per SMS.",
    code_email: "Der Code kommt per E-Mail.",
    code_call: "Sie werden angerufen und hören den Code.",
    code_app: "Ihre Authenticator-App zeigt den Code.",
    code_list: "Der Code steht auf Ihrer gedruckten oder gespeicherten Liste.",
    code_somewhere: "",
    sent_to: "Gesendet an {target}",

    button_sign_in: "Anmelden",
    button_continue: "Weiter",
    button_busy: "Einen Moment …",
    button_resend: "Neuen Code senden",
    button_ask_again: "Anfrage noch einmal senden",
    button_approved: "Ich habe freigegeben",
    button_done: "Ich habe es erledigt",
    button_accept: "Annehmen",
    button_decline: "Ablehnen",
    button_cancel: "Abbrechen",
    another_way: "Anderen Weg wählen",

    label_identifier: "Benutzername",
    label_password: "Passwort",
    label_new_password: "Neues Passwort",
    label_code: "Code",
    label_phone: "Telefonnummer",
    label_answer: "Ihre Antwort",

    done: Told {
        title: "Sie sind angemeldet",
        text: "Ab hier arbeitet {workspace} allein weiter. Sie können diese Seite schließen.",
    },
    already: Told {
        title: "Sie haben sich bereits angemeldet",
        text: "Hier ist nichts mehr zu tun. Sie können diese Seite schließen.",
    },
    back_to: "Zurück zu {host}",
    superseded: Told {
        title: "Es ging anderswo weiter",
        text: "Diese Anmeldung wurde auf einem anderen Gerät oder in einem anderen Fenster neu begonnen. Machen Sie \
               dort weiter; diese Seite können Sie schließen. Um doch dieses Gerät zu verwenden, öffnen Sie den \
               erhaltenen Link noch einmal.",
    },
    ended: "Die Anmeldung hat nicht geklappt",
    ended_retry: "Mit demselben Link können Sie es noch einmal versuchen.",
    again: "Erneut versuchen",
    ended_final: "Ein weiterer Versuch hilft hier nicht. {workspace} kann Ihnen sagen, wie es weitergeht.",
    cancelled: "Sie haben die Anmeldung abgebrochen",
    expired: Told {
        title: "Dieser Link ist abgelaufen",
        text: "Mit ihm kann sich niemand mehr anmelden. Bitten Sie {workspace} um einen neuen.",
    },
    finished: "Dieser Link ist abgeschlossen",
    finished_told: "Sie müssen nichts tun; {workspace} kann Ihnen sagen, wie es weitergeht.",
    locked_before: "Die Website hat dieses Konto vor Kurzem gesperrt. Zu seinem Schutz wurde nichts gesendet: Entsperren \
                    Sie es zuerst dort, und versuchen Sie es in einer halben Stunde wieder.",
    failure,

    bad_link: Told {
        title: "Dieser Link ist ungültig",
        text: "Bitte prüfen Sie, ob Sie den ganzen Link geöffnet haben. Hilft das nicht, bitten Sie den Absender um \
               einen neuen.",
    },
    bad_login: Told {
        title: "Diese Anmeldung ist in diesem Browser nicht offen",
        text: "Vielleicht wurde sie in einem anderen Browser oder vor langer Zeit begonnen. Öffnen Sie den erhaltenen \
               Link noch einmal, um neu zu beginnen.",
    },
    bad_path: Told {
        title: "Unter dieser Adresse gibt es nichts",
        text: "Bitte öffnen Sie den erhaltenen Link noch einmal.",
    },
    gone: Told {
        title: "Diesen Link gibt es nicht mehr",
        text: "Was zu ihm gehörte, wurde gelöscht. Bitten Sie den Absender um einen neuen.",
    },
    forbidden: Told {
        title: "Das ist nicht erlaubt",
        text: "Fragen Sie den Absender des Links, wie es weitergeht.",
    },
    conflict: Told {
        title: "Das ist jetzt nicht möglich",
        text: "Inzwischen ging es anderswo weiter. Öffnen Sie den erhaltenen Link noch einmal, um den Stand zu sehen.",
    },
    limited: Told {
        title: "Zu viele Versuche",
        text: "Bitte warten Sie {wait} und laden Sie die Seite dann neu.",
    },
    unavailable: Told {
        title: "Im Moment geht es nicht weiter",
        text: "Bitte warten Sie einen Moment und laden Sie die Seite neu. Nichts geht verloren.",
    },
    internal: Told {
        title: "Bei uns ist etwas schiefgegangen",
        text: "Bitte laden Sie die Seite neu. Wenn es wieder geschieht, nennen Sie dem Absender des Links die \
               Referenz unten.",
    },
    too_large: Told {
        title: "Das war zu viel Text",
        text: "Ihre Eingabe ist größer, als es für eine Anmeldung je nötig ist; nichts davon wurde verwendet. Gehen \
               Sie zurück und senden Sie weniger.",
    },
    too_slow: Told {
        title: "Das hat zu lange gedauert",
        text: "Ihre Eingabe kam nicht rechtzeitig an; nichts davon wurde verwendet. Gehen Sie zurück und senden Sie \
               sie noch einmal.",
    },
    bad_method: Told {
        title: "So lässt sich diese Seite nicht verwenden",
        text: "Bitte öffnen Sie den erhaltenen Link noch einmal in einem Browser.",
    },
    bad_type: Told {
        title: "Das kam nicht aus unserem Formular",
        text: "Antworten werden nur als application/x-www-form-urlencoded angenommen. Nichts davon wurde verwendet.",
    },
    bad_text: Told {
        title: "Dieser Text ist nicht lesbar",
        text: "Ihre Eingabe ist kein gültiges UTF-8; nichts davon wurde verwendet. Gehen Sie zurück und tippen Sie sie \
               noch einmal.",
    },
    bad_form: Told {
        title: "Das kam nicht aus unserem Formular",
        text: "Etwas darin passt nicht; nichts davon wurde verwendet. Gehen Sie zurück, laden Sie die Seite neu und \
               versuchen Sie es noch einmal.",
    },
    foreign: Told {
        title: "Das kam von einer fremden Seite",
        text: "Zu Ihrer Sicherheit werden Antworten nur von unserer eigenen Seite angenommen. Öffnen Sie den \
               erhaltenen Link noch einmal.",
    },
    wait_one: "eine Minute",
    wait_many: "{n} Minuten",
    field: "Feld: {field} ({why})",
    reference: "Referenz: {reference}",
};

fn failure(code: FailureCode) -> &'static str {
    match code {
        F::CredentialsRejected => "Die Website hat Benutzernamen oder Passwort nicht angenommen.",
        F::CodeRejected => "Die Website hat den Code nicht angenommen.",
        F::CodeExpired => "Der Code war zu alt. Sie brauchen einen neuen.",
        F::AnswerRejected => "Die Website hat die Antwort nicht angenommen.",
        F::ApprovalDenied => "Die Freigabe wurde abgelehnt.",
        F::ApprovalTimeout => "Die Freigabe kam nicht rechtzeitig.",
        F::Uncertain => {
            "Wir konnten nicht erkennen, ob die Website das angenommen hat. Bitte versuchen Sie es noch einmal."
        }
        F::InputTimeout => {
            "Eine Weile kam keine Antwort; zu Ihrer Sicherheit wurde die Anmeldung geschlossen."
        }
        F::CustomerCancelled => "Danach wurde nichts mehr gesendet.",
        F::AccountLocked => "Die Website hat dieses Konto gesperrt. Entsperren Sie es zuerst dort.",
        F::AccountDisabled => "Die Website hat dieses Konto stillgelegt. Bitte fragen Sie dort nach.",
        F::PasswordExpired => "Die Website verlangt, dass Sie dort zuerst ein neues Passwort festlegen.",
        F::ActionRequired => "Die Website verlangt, dass Sie dort zuerst etwas erledigen.",
        F::OtherSessionActive => {
            "Sie sind auf der Website noch anderswo angemeldet. Melden Sie sich dort zuerst ab."
        }
        F::NoAccess => "Dieses Konto hat keinen Zugang zu dem, was gebraucht wird.",
        F::SiteUnavailable => "Die Website ist im Moment nicht erreichbar.",
        F::SiteError => "Die Website hat mit einem Fehler geantwortet.",
        F::CertificateInvalid => {
            "Die Website konnte nicht beweisen, dass sie die richtige ist: Ihr Zertifikat ist ungültig. Zu Ihrer \
             Sicherheit wurde nichts dorthin gesendet."
        }
        F::BlockedAsBot => "Die Website lässt eine Anmeldung von hier aus nicht zu.",
        F::RateLimited => "Es waren zu viele Versuche. Bitte warten Sie eine Weile bis zum nächsten.",
        F::CaptchaUnsolvable => {
            "Die Website will einen Beweis, dass da ein Mensch ist; den nimmt sie nur in Ihrem eigenen Browser an \
             und nicht von hier."
        }
        F::LoginFormNotFound | F::UnknownPage | F::StuckLoop => {
            "Die Website hat etwas gezeigt, das wir nicht verstehen."
        }
        F::OriginNotAllowed => {
            "Die Website wollte an einer anderen Adresse weitermachen, die hier nicht erlaubt ist."
        }
        F::MethodUnsupported => "Die Website verlangt eine Art der Anmeldung, die es hier nicht gibt.",
        F::AttemptsExhausted => "Die Versuche für diese Anmeldung sind aufgebraucht.",
        F::LinkExpired => "Die Zeit des Links war abgelaufen.",
        F::LinkRevoked => "Der Absender hat den Link zurückgezogen.",
        F::EngineCrash => "Mitten in der Anmeldung ist bei uns etwas schiefgegangen.",
        F::EngineTimeout => "Die Anmeldung hat zu lange gedauert.",
        F::Capacity => "Im Moment melden sich zu viele Menschen an.",
        F::StepFailed | F::Interrupted => {
            "Sie haben sich angemeldet, aber die Arbeit danach konnte nicht beendet werden."
        }
        F::ReloginRequired => "Die Sitzung ist beendet, und Sie müssen sich neu anmelden.",
    }
}
