DROP INDEX ix_tickets_created, ix_tickets_answered, ix_tickets_resolved;
CREATE INDEX ix_tickets_created ON tickets (created_at, id) INCLUDE (
    assignee_id, category, priority, policy_id, merged_into_id,
    first_responded_at, first_response_due_at, update_due_at, updates_late, resolved_at, resolution_due_at);
CREATE INDEX ix_tickets_answered ON tickets (first_responded_at, id) INCLUDE (
    assignee_id, category, priority, policy_id, merged_into_id, first_response_due_at, first_response_minutes);
CREATE INDEX ix_tickets_resolved ON tickets (resolved_at, id) INCLUDE (
    assignee_id, category, priority, policy_id, merged_into_id,
    resolution_due_at, resolution_minutes, satisfaction, satisfaction_asked_at);
