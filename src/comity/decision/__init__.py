"""Agreement + question + facts -> Plan or Refusal. Pure."""
