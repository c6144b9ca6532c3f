SELECT keep_history('notice_preferences');
