"""Whose a position is: ours, or somebody else's that we only guard."""

from engine.model.saved import OutsideHand, SavedDesk


def hand_of(desk: SavedDesk) -> OutsideHand | None:
    """Whose hand is on the position that is held now; None where it is ours, or flat."""
    hand, holding = desk.outside, desk.holding
    if hand is None or holding is None or hand.intent_id != holding.trade.intent_id:
        return None
    return hand


def is_left_alone(desk: SavedDesk) -> bool:
    """Whether the owner said that the position is none of ours."""
    hand = hand_of(desk)
    return hand is not None and hand.care.is_hands_off


def is_guarded_only(desk: SavedDesk) -> bool:
    """Whether our own exits have to rest: a stranger's position that nobody gave us."""
    hand = hand_of(desk)
    return hand is not None and (hand.care.is_hands_off or not hand.was_ours)
