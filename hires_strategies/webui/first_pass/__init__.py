"""First passes of this WebUI, remembered under keys of all that can change them."""
