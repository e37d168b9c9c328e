//! MQTT. Only here are rumqttc's types seen.

pub mod gateway;

pub mod listener;
