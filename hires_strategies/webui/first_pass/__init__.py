"""First passes of this WebUI, remembered under keys of everything that can change them."""
