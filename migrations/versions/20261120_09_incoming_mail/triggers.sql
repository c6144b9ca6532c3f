SELECT keep_history('incoming_mails');
