"""Hidden suite: anchor boxes."""

import math

import torch
from torchvision import ops

from autograder.suite import (
    FLOATS,
    SimulatedGPUs,
    check,
    close,
    equal,
    expect,
    given,
    items_of,
    probe,
    settings,
    st,
    tensor_of,
)

F32, F64 = torch.float32, torch.float64
WHOLE = [0.0, 0.0, 1.0, 1.0]
seeds = st.integers(0, 2**31 - 1)
few = settings(max_examples=10)


def central_boxes(count, generator):
    """(count, 4) in 32nds: boxes that all hold the centre of the image, so that every IoU is positive."""
    low = torch.randint(-4, 15, (count, 2), generator=generator)
    high = torch.randint(18, 37, (count, 2), generator=generator)
    return torch.cat([low, high], dim=1).to(F64) / 32


def scattered_boxes(count, generator):
    """(count, 4) in 8ths: boxes here and there, some of them apart, some beyond the edges of the image."""
    low = torch.randint(-6, 9, (count, 2), generator=generator)
    sides = torch.randint(1, 8, (count, 2), generator=generator)
    return torch.cat([low, low + sides], dim=1).to(F64) / 8


def apart(values, *others):
    """Whether no two of the values are close, and none is close to one of the others."""
    ordered = values.flatten().sort().values
    gaps = bool((ordered.diff() > 1e-3).all())
    return gaps and all(bool(((ordered - other).abs() > 1e-3).all()) for other in others)


def laid_out(tensor, strided):
    """The same numbers, contiguous or as the transpose of a contiguous tensor."""
    return tensor.transpose(0, -1).contiguous().transpose(0, -1) if strided else tensor


def parts_of(drawn, count):
    """One strategy for each item of a drawn tuple."""
    return tuple(drawn.map(lambda items, k=k: items[k]) for k in range(count))


def shuffled(rows):
    """The rows, as a float64 tensor, in any order."""
    return st.permutations(rows).map(lambda order: torch.tensor(order, dtype=F64))


@st.composite
def drawn_boxes(draw, dtype=FLOATS, most=5):
    """(n, 4) scattered boxes."""
    generator = torch.Generator().manual_seed(draw(seeds))
    boxes = scattered_boxes(draw(st.integers(1, most)), generator).to(draw(dtype))
    return laid_out(boxes, draw(st.booleans()))


@probe
def called_twice(names, exercise, first, second):
    function = getattr(names, exercise)
    before = [[getattr(argument, "_version", 0) for argument in arguments] for arguments in (first, second)]
    results = [function(*first), function(*second)]
    after = [[getattr(argument, "_version", 0) for argument in arguments] for arguments in (first, second)]
    return [results, [first, second], [before, after], torch.is_grad_enabled(), torch.get_default_dtype()]


def calls_stand_alone(submission, reference, exercise, first, second):
    """Require that two calls leave their arguments, each other's results and torch's settings as they were.

    What is written into an argument and taken back shows too: autograd refuses it, and it seldom comes back to the bit.
    first, second: the arguments of each by name.
    """
    call = f"{exercise}({', '.join(first)})"
    shown = called_twice.showing(f"{call}, twice in a row")
    ran = submission.run(shown, exercise, list(first.values()), list(second.values()))
    results, arguments, written, recording, dtype = items_of(ran, 5, what=call)
    for before, after in zip((first, second), items_of(arguments, 2, what=call)):
        for (name, argument), now in zip(before.items(), items_of(after, len(before), what=call)):
            equal(now, argument, what=f"{name} after {call}")
    untouched, found = items_of(written, 2, what=call)
    expect(found == untouched, "must write nothing into its arguments, not even for the time of the call", what=call)
    expect(recording is True, "must leave gradients switched on for whatever is computed next", what=call)
    expect(dtype == F32, "must leave the default dtype of torch as it was", what=call)
    rights = [getattr(reference, exercise)(*arguments.values()) for arguments in (first, second)]
    close(results[1], rights[1], what=f"{call} in a second call with other arguments")
    close(results[0], rights[0], what=f"{call}, looked at again after a second call with other arguments,")


# multibox_prior

SIDES = st.lists(st.sampled_from([0.125, 0.25, 0.5, 0.75, 0.9, 1]), min_size=1, max_size=3)
RATIOS = st.lists(st.sampled_from([0.25, 0.5, 1, 2, 3.0, 4.0]), min_size=1, max_size=3)
SIZES_OF_DATA = st.tuples(st.sampled_from([(), (1,), (2, 3), (1, 2, 1)]), st.integers(1, 4), st.integers(1, 5))
DTYPES_OF_DATA = st.sampled_from([F32, F64, torch.uint8])


def image(size, dtype, entry=7):
    """(*leading, H, W), all of whose entries are the same."""
    return torch.full((*size[0], *size[1:]), entry if dtype.is_floating_point else 7, dtype=dtype)


IMAGES = st.builds(image, SIZES_OF_DATA, DTYPES_OF_DATA)
IMAGES_OF_ANYTHING = st.builds(image, SIZES_OF_DATA, DTYPES_OF_DATA, st.sampled_from([7, math.inf, math.nan]))


def prior_of(submission, data, sizes, ratios):
    """(H, W, n + m - 1, 4): what came back, once its shape is right."""
    height, width = data.shape[-2:]
    count = len(sizes) + len(ratios) - 1
    shape = (1, height * width * count, 4)
    anchors = tensor_of(submission.multibox_prior(data, sizes, ratios), shape=shape, dtype=F32)
    return anchors.reshape(height, width, count, 4)


@check("multibox_prior", points=2)
@given(data=IMAGES_OF_ANYTHING, sizes=SIDES, ratios=RATIOS)
def test_multibox_prior_lists_every_anchor_in_order(submission, reference, data, sizes, ratios):
    """Every pixel has its n + m - 1 anchors, row by row, in the stated order, whatever the entries of the image."""
    close(submission.multibox_prior(data, sizes, ratios), reference.multibox_prior(data, sizes, ratios), boxes=True)


@check("multibox_prior", points=1)
@given(data=IMAGES, sizes=SIDES, ratios=RATIOS)
def test_multibox_prior_centres_anchors_on_pixels(submission, data, sizes, ratios):
    """The anchors of the pixel in row i and column j are centred at ((j + 0.5) / W, (i + 0.5) / H)."""
    anchors = prior_of(submission, data, sizes, ratios)
    height, width, count = anchors.shape[:3]
    x = (torch.arange(width) + 0.5) / width
    y = (torch.arange(height) + 0.5) / height
    right = torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=-1)
    got = (anchors[..., :2] + anchors[..., 2:]) / 2
    close(got, right[:, :, None].expand(-1, -1, count, -1), what="the centres (H, W, n + m - 1, 2) of the anchors")


@check("multibox_prior", points=2)
@given(data=IMAGES, sizes=SIDES, ratios=RATIOS)
def test_multibox_prior_shapes_in_pixels(submission, data, sizes, ratios):
    """In pixels, an anchor of size s and ratio r is r times as wide as high, and its area is (s H) squared."""
    anchors = prior_of(submission, data, sizes, ratios)
    height, width, count = anchors.shape[:3]
    w = (anchors[..., 2] - anchors[..., 0]) * width
    h = (anchors[..., 3] - anchors[..., 1]) * height
    shape = (height, width, count)
    r = torch.tensor([ratios[0]] * len(sizes) + ratios[1:], dtype=F32).expand(shape)
    s = torch.tensor(sizes + [sizes[0]] * (len(ratios) - 1), dtype=F32).expand(shape)
    expect((h > 0).all() and (w > 0).all(), "must hold boxes with x1 < x2 and y1 < y2", got=anchors.reshape(1, -1, 4))
    close(w / h, r, atol=1e-3, what="width / height in pixels of the anchors, (H, W, n + m - 1),")
    close(w * h, (s * height) ** 2, atol=1e-3, what="the area in pixels of the anchors, (H, W, n + m - 1),")


@check("multibox_prior", points=1)
@given(pixels=st.sampled_from([49, 98, 103, 107]), upright=st.booleans())
@few
def test_multibox_prior_of_long_rows(submission, reference, pixels, upright):
    """A long row or column of pixels has exactly one anchor for each pixel, whatever their number."""
    data = torch.zeros(pixels, 1) if upright else torch.zeros(1, pixels)
    what = f"multibox_prior(torch.zeros{tuple(data.shape)}, [0.5], [1.0])"
    close(submission.multibox_prior(data, [0.5], [1.0]), reference.multibox_prior(data, [0.5], [1.0]), what=what)


@check("multibox_prior", points=1)
@given(data=IMAGES, sizes=SIDES, ratios=RATIOS)
@few
def test_multibox_prior_leaves_its_arguments_alone(submission, reference, data, sizes, ratios):
    """The lists sizes and ratios are the same after a call as before, and the next call is as right as the first."""
    first = {"data": data, "sizes": sizes, "ratios": ratios}
    second = {"data": data, "sizes": sizes[::-1], "ratios": ratios[::-1]}
    calls_stand_alone(submission, reference, "multibox_prior", first, second)


@check("multibox_prior", points=1)
def test_multibox_prior_stays_on_the_device_of_data(submission):
    """The anchors live on the device of data."""
    elsewhere = submission.multibox_prior(torch.zeros(2, 3, 2, 4, device="meta"), [0.5], [1.0])
    close(elsewhere, torch.empty(1, 8, 4, device="meta"), what="multibox_prior(data, ...) for data on the device meta")


# box_iou


@st.composite
def two_sets(draw, dtype=FLOATS):
    """(boxes1 (N, 4), boxes2 (M, 4))."""
    counts = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    generator = torch.Generator().manual_seed(draw(seeds))
    chosen, strided = draw(dtype), draw(st.booleans())
    return tuple(laid_out(scattered_boxes(count, generator).to(chosen), strided) for count in counts)


first_set, second_set = parts_of(st.shared(two_sets(), key="two sets"), 2)


@check("box_iou", points=2)
@given(boxes1=first_set, boxes2=second_set)
def test_box_iou_matches_its_definition(submission, reference, boxes1, boxes2):
    """Entry (i, j) is the area that boxes i and j share, divided by the area they cover together."""
    right = reference.box_iou(boxes1, boxes2)
    close(submission.box_iou(boxes1, boxes2), right, what="box_iou(boxes1, boxes2)")


@check("box_iou", points=1)
@given(boxes=drawn_boxes(), scale=st.sampled_from([1, 0.5, 64, 1024]))
def test_box_iou_of_a_box_with_itself_is_one(submission, boxes, scale):
    """The IoU of a box with itself is 1, and swapping two boxes changes nothing, whatever the scale."""
    shape = (len(boxes), len(boxes))
    what = "box_iou(boxes * scale, boxes * scale)"
    iou = tensor_of(submission.box_iou(boxes * scale, boxes * scale), shape=shape, dtype=boxes.dtype, what=what)
    close(iou.diagonal(), torch.ones(len(boxes), dtype=boxes.dtype), what=f"the diagonal of {what}")
    close(iou, iou.T, what=what)
    expect(((iou >= 0) & (iou <= 1.001)).all(), "must lie between 0 and 1", got=iou, what=what)


@check("box_iou", points=2)
@given(
    boxes=drawn_boxes(st.just(F64), most=3), across=st.integers(-1, 1), down=st.integers(-1, 1), gap=st.integers(0, 2)
)
def test_box_iou_of_boxes_apart_is_zero(submission, boxes, across, down, gap):
    """Boxes that do not overlap, or share only an edge, have IoU 0, also where they are apart in both directions."""
    if across == down == 0:
        across = down = 1
    extent = boxes[:, 2:].max() - boxes[:, :2].min() + gap
    shift = torch.tensor([across, down, across, down], dtype=F64) * extent
    zero = torch.zeros(len(boxes), len(boxes), dtype=F64)
    close(submission.box_iou(boxes, boxes + shift), zero, what="box_iou(boxes, boxes shifted until they do not meet)")


@check("box_iou", points=1)
@given(outer=drawn_boxes(st.just(F64), most=3), part=st.tuples(st.integers(1, 3), st.integers(1, 3)))
def test_box_iou_of_a_box_inside_another(submission, outer, part):
    """A box inside another has the ratio of their areas as IoU."""
    factor = torch.tensor(part, dtype=F64) / 4
    corner, sides = outer[:, :2], outer[:, 2:] - outer[:, :2]
    inner = torch.cat([corner + sides / 8, corner + sides / 8 + sides * factor], dim=1)
    for box, within in zip(outer, inner, strict=True):
        right = torch.full((1, 1), float(factor.prod()), dtype=F64)
        close(submission.box_iou(box[None], within[None]), right, what="the IoU of a box and one inside it")


@check("box_iou", points=1)
@given(boxes1=first_set, boxes2=second_set)
@few
def test_box_iou_leaves_its_arguments_alone(submission, reference, boxes1, boxes2):
    """Both sets of boxes are the same after a call as before, and the next call is as right as the first."""
    first, second = {"boxes1": boxes1, "boxes2": boxes2}, {"boxes1": boxes1.flip(0), "boxes2": boxes2}
    calls_stand_alone(submission, reference, "box_iou", first, second)


# assign_anchor_to_bbox


@st.composite
def scenes(draw, dtype=FLOATS, avoided=(0.5,)):
    """(ground_truth (m, 4), anchors (n, 4)), m <= n; all IoUs are positive, and far from each other and `avoided`."""
    count, more = draw(st.integers(1, 3)), draw(st.integers(0, 4))
    generator = torch.Generator().manual_seed(draw(seeds))
    while True:
        ground_truth, anchors = central_boxes(count, generator), central_boxes(count + more, generator)
        if apart(ops.box_iou(anchors, ground_truth), *avoided):
            break
    chosen = draw(dtype)
    return ground_truth.to(chosen), laid_out(anchors.to(chosen), draw(st.booleans()))


THRESHOLDS = (0.3, 0.5, 0.7, 0.99, 0.0)
scene_truth, scene_anchors = parts_of(st.shared(scenes(avoided=THRESHOLDS), key="scene"), 2)
ASSIGNED = "assign_anchor_to_bbox(ground_truth, anchors, device, iou_threshold)"
BY_DEFAULT = "assign_anchor_to_bbox(ground_truth, anchors, device)"


@check("assign_anchor_to_bbox", points=3)
@given(ground_truth=scene_truth, anchors=scene_anchors, iou_threshold=st.sampled_from(THRESHOLDS))
def test_assignment_follows_both_stages(submission, reference, ground_truth, anchors, iou_threshold):
    """Anchors get their best box from the threshold on; then each box in turn, by largest IoU, gets one anchor."""
    args = (ground_truth, anchors, "cpu", iou_threshold)
    close(submission.assign_anchor_to_bbox(*args), reference.assign_anchor_to_bbox(*args), what=ASSIGNED)


@check("assign_anchor_to_bbox", points=1)
@given(ground_truth=scene_truth, anchors=scene_anchors)
def test_assignment_leaves_no_box_without_an_anchor(submission, ground_truth, anchors):
    """Where no IoU reaches the threshold, every box still has exactly one anchor, and all other anchors have -1."""
    got = submission.assign_anchor_to_bbox(ground_truth, anchors, "cpu", iou_threshold=1.5)
    assigned = tensor_of(got, shape=(len(anchors),), dtype=torch.int64)
    right = torch.cat([torch.full((len(anchors) - len(ground_truth),), -1), torch.arange(len(ground_truth))])
    close(assigned.sort().values, right, what=f"{ASSIGNED} for a threshold that is out of reach, sorted,")


NARROW, LOW, HIGH = [0.0, 0.0, 0.5, 1.0], [0.0, 0.0, 1.0, 0.5], [0.0, 0.0, 1.0, 0.875]


@check("assign_anchor_to_bbox", points=2)
@given(ground_truth=shuffled([HIGH, NARROW]), anchors=shuffled([WHOLE, LOW, [0.75, 0.75, 1.0, 1.0]]))
def test_assignment_settles_a_contested_anchor(submission, ground_truth, anchors):
    """Where two boxes like the same anchor best, the larger IoU wins, and the other box takes the best anchor left."""
    high, narrow = (ground_truth.tolist().index(box) for box in (HIGH, NARROW))
    owners = torch.tensor([{1.0: high, 0.5: narrow}[row[3]] if row[0] == 0 else -1 for row in anchors.tolist()])
    close(submission.assign_anchor_to_bbox(ground_truth, anchors, "cpu"), owners, what=BY_DEFAULT)


@check("assign_anchor_to_bbox", points=1)
@given(ground_truth=shuffled([WHOLE, [2.0, 2.0, 3.0, 3.0]]), anchors=shuffled([HIGH, [0.0, 0.0, 1.0, 0.25]]))
def test_assignment_to_a_box_that_no_anchor_meets(submission, ground_truth, anchors):
    """A box that overlaps no anchor at all still takes the last anchor that is left."""
    whole = ground_truth.tolist().index(WHOLE)
    owners = torch.tensor([whole if row == HIGH else 1 - whole for row in anchors.tolist()])
    close(submission.assign_anchor_to_bbox(ground_truth, anchors, "cpu"), owners, what=BY_DEFAULT)


@check("assign_anchor_to_bbox", points=1)
@given(
    anchors=shuffled([*([0.0, 0.0, 1.0, height] for height in (0.75, 0.5, 0.4375, 0.5625)), [2.0, 0.0, 3.0, 1.0]]),
    iou_threshold=st.sampled_from([0.5625, 0.0]),
)
def test_assignment_threshold_is_inclusive(submission, anchors, iou_threshold):
    """An IoU of exactly iou_threshold is enough, also where both are 0, and iou_threshold is 0.5 unless given."""
    ground_truth = torch.tensor([WHOLE], dtype=F64)
    iou = torch.where(anchors[:, 0] < 1, anchors[:, 3], 0)
    got = submission.assign_anchor_to_bbox(ground_truth, anchors, "cpu")
    close(got, torch.where(iou >= 0.5, 0, -1), what=f"{BY_DEFAULT} with the one box (0, 0, 1, 1)")
    got = submission.assign_anchor_to_bbox(ground_truth, anchors, "cpu", iou_threshold)
    what = f"{ASSIGNED} with the one box (0, 0, 1, 1) and iou_threshold {iou_threshold}"
    close(got, torch.where(iou >= iou_threshold, 0, -1), what=what)


BOX_OF_ANCHOR = {0.96875: 1.0, 0.75: 0.6875, 0.65625: 0.6875, 0.46875: 0.5}


@check("assign_anchor_to_bbox", points=1)
@given(
    ground_truth=shuffled([[0.0, 0.0, 1.0, height] for height in (1.0, 0.6875, 0.5)]),
    anchors=shuffled([[0.0, 0.0, 1.0, height] for height in BOX_OF_ANCHOR]),
)
def test_assignment_takes_the_best_of_several_boxes(submission, ground_truth, anchors):
    """An anchor that overlaps several boxes by the threshold or more is given the one that it overlaps most."""
    boxes = ground_truth[:, 3].tolist()
    owners = torch.tensor([boxes.index(BOX_OF_ANCHOR[height]) for height in anchors[:, 3].tolist()])
    close(submission.assign_anchor_to_bbox(ground_truth, anchors, "cpu"), owners, what=BY_DEFAULT)


@check("assign_anchor_to_bbox", points=1)
@given(ground_truth=scene_truth, anchors=scene_anchors)
@few
def test_assignment_leaves_its_arguments_alone(submission, reference, ground_truth, anchors):
    """Boxes and anchors are the same after a call as before, and the next call is as right as the first."""
    first = {"ground_truth": ground_truth, "anchors": anchors, "device": "cpu"}
    calls_stand_alone(submission, reference, "assign_anchor_to_bbox", first, first | {"anchors": anchors.flip(0)})


@probe(SimulatedGPUs)
def assigned_elsewhere(names, ground_truth, anchors, device):
    """assign_anchor_to_bbox(ground_truth, anchors, device)"""
    with SimulatedGPUs():
        assigned = names.assign_anchor_to_bbox(ground_truth, anchors, device)
        return [str(assigned.device), assigned.to("cpu")]


@check("assign_anchor_to_bbox", points=1)
def test_assignment_lives_on_the_device_asked_for(submission):
    """The result lives on device, also where boxes and anchors live on another one (simulated GPUs)."""
    args = torch.tensor([WHOLE]), torch.tensor([LOW, [2.0, 2.0, 3.0, 3.0], HIGH]), torch.device("cuda", 1)
    what = f"{BY_DEFAULT} with boxes on the CPU and cuda:1 as device"
    place, assigned = items_of(submission.run(assigned_elsewhere.showing(what), *args), 2, what=what)
    close(assigned, torch.tensor([0, -1, 0]), what=what)
    expect(place == "cuda:1", f"must be on cuda:1, not on {place}", what=what)


# offset_boxes


@st.composite
def box_pairs(draw, dtype=FLOATS):
    """(anchors (n, 4), boxes (n, 4)); some of the boxes are empty."""
    count = draw(st.integers(1, 4))
    generator = torch.Generator().manual_seed(draw(seeds))
    chosen, strided = draw(dtype), draw(st.booleans())
    anchors, boxes = (scattered_boxes(count, generator).to(chosen) for _ in range(2))
    boxes[torch.rand(count, generator=generator) < 0.2] = 0
    return laid_out(anchors, strided), laid_out(boxes, strided)


pair_anchors, pair_boxes = parts_of(st.shared(box_pairs(), key="pair"), 2)
pair_anchors64, pair_boxes64 = parts_of(st.shared(box_pairs(st.just(F64)), key="pair in float64"), 2)
MOVES = st.tuples(*[st.sampled_from([-0.5, 0.0, 0.25, 1.0])] * 2, *[st.sampled_from([0.5, 1.0, 2.0, 4.0])] * 2)


def moved(anchors, move):
    """Anchors shifted by dx widths and dy heights, and made a times as wide and b times as high."""
    x, y, w, h = ops.box_convert(anchors, "xyxy", "cxcywh").unbind(1)
    dx, dy, a, b = move
    return ops.box_convert(torch.stack([x + dx * w, y + dy * h, w * a, h * b], dim=1), "cxcywh", "xyxy")


def move_as_offset(move, count):
    """(count, 4): the offset that stands for a move."""
    dx, dy, a, b = move
    return torch.tensor([[10 * dx, 10 * dy, 5 * math.log(a), 5 * math.log(b)]], dtype=F64).repeat(count, 1)


@check("offset_boxes", points=2)
@given(anchors=pair_anchors, assigned_bb=pair_boxes, eps=st.sampled_from([1e-6, 0.125, 0.5]))
def test_offset_boxes_matches_its_definition(submission, reference, anchors, assigned_bb, eps):
    """Offsets are 10 times the shift in anchor widths and heights, and 5 times the log of eps + the ratio of sides."""
    args = (anchors, assigned_bb, eps)
    close(submission.offset_boxes(*args), reference.offset_boxes(*args), what="offset_boxes(anchors, assigned_bb, eps)")


@check("offset_boxes", points=1)
@given(anchors=pair_anchors64, move=MOVES)
def test_offset_boxes_of_known_moves(submission, anchors, move):
    """A shift by one width makes 10, and a side of twice the length makes 5 log 2, wherever the anchor lies."""
    got = submission.offset_boxes(anchors, moved(anchors, move), eps=0)
    close(got, move_as_offset(move, len(anchors)), what="offset_boxes(anchors, assigned_bb, eps=0)")


@check("offset_boxes", points=1)
@given(anchors=pair_anchors64)
def test_offset_boxes_of_an_empty_box_is_finite(submission, anchors):
    """A box of zeros has a finite offset: eps, 1e-6 unless given, keeps the logarithm from minus infinity."""
    got = tensor_of(submission.offset_boxes(anchors, torch.zeros_like(anchors)), shape=anchors.shape, dtype=F64)
    right = torch.full((len(anchors), 2), 5 * math.log(1e-6), dtype=F64)
    close(got[:, 2:], right, what="the last two columns of offset_boxes(anchors, zeros)")
    expect(got.isfinite().all(), "must be finite", got=got)


@check("offset_boxes", points=1)
@given(anchors=pair_anchors64, assigned_bb=pair_boxes64)
def test_offset_boxes_gradient(submission, reference, anchors, assigned_bb):
    """Gradients flow from the offsets to the anchors and to the assigned boxes."""
    mine, right = (each.offset_boxes.vjp(anchors, assigned_bb) for each in (submission, reference))
    close(mine.output, right.output, what="offset_boxes(anchors, assigned_bb)")
    close(mine.inputs[0], right.inputs[0], what="the gradient of the offsets with respect to anchors")
    close(mine.inputs[1], right.inputs[1], what="the gradient of the offsets with respect to assigned_bb")


@check("offset_boxes", points=1)
@given(anchors=pair_anchors, assigned_bb=pair_boxes)
@few
def test_offset_boxes_leaves_its_arguments_alone(submission, reference, anchors, assigned_bb):
    """Anchors and assigned boxes are the same after a call as before, and the next call is as right as the first."""
    first = {"anchors": anchors, "assigned_bb": assigned_bb}
    calls_stand_alone(submission, reference, "offset_boxes", first, first | {"assigned_bb": assigned_bb.flip(0)})


# multibox_target


CLASSES = torch.tensor([0, 1, 2, 3, 300, 21840])  # more than a byte holds, and more than float16 tells apart


@st.composite
def labelled(draw):
    """(anchors (1, n, 4), labels (b, m, 5)), float32."""
    count, more, images = draw(st.integers(1, 3)), draw(st.integers(0, 4)), draw(st.integers(1, 3))
    generator = torch.Generator().manual_seed(draw(seeds))
    anchors, labels = central_boxes(count + more, generator), []
    while len(labels) < images:
        boxes = central_boxes(count, generator)
        if apart(ops.box_iou(anchors, boxes), 0.5):
            classes = CLASSES[torch.randint(0, len(CLASSES), (count, 1), generator=generator)]
            labels.append(torch.cat([classes, boxes], dim=1))
        else:
            anchors = central_boxes(count + more, generator) if not labels else anchors
    strided = draw(st.booleans())
    return laid_out(anchors[None].to(F32), strided), laid_out(torch.stack(labels).to(F32), strided)


target_anchors, target_labels = parts_of(st.shared(labelled(), key="labelled"), 2)


def targets_of(submission, anchors, labels):
    """The three targets, once their shapes and dtypes are right."""
    images, count = len(labels), anchors.shape[1]
    three = items_of(submission.multibox_target(anchors, labels), 3, what="multibox_target(anchors, labels)")
    offset = tensor_of(three[0], shape=(images, 4 * count), dtype=F32, what="bbox_offset")
    mask = tensor_of(three[1], shape=(images, 4 * count), dtype=F32, what="bbox_mask")
    return offset, mask, tensor_of(three[2], shape=(images, count), dtype=torch.int64, what="class_labels")


@check("multibox_target", points=2)
@given(anchors=target_anchors, labels=target_labels)
def test_multibox_target_classes(submission, reference, anchors, labels):
    """An anchor with an object of class c is labelled c + 1, and an anchor without one is labelled 0."""
    _, _, classes = targets_of(submission, anchors, labels)
    close(classes, reference.multibox_target(anchors, labels)[2], what="class_labels")


@check("multibox_target", points=2)
@given(anchors=target_anchors, labels=target_labels)
def test_multibox_target_offsets(submission, reference, anchors, labels):
    """The offsets are those from each anchor to its own box, and 0 for anchors without a box."""
    offset, _, _ = targets_of(submission, anchors, labels)
    close(offset, reference.multibox_target(anchors, labels)[0], what="bbox_offset")


@check("multibox_target", points=1)
@given(anchors=target_anchors, labels=target_labels)
def test_multibox_target_mask_marks_the_anchors_with_a_box(submission, anchors, labels):
    """The mask is 1 for the four offsets of each anchor that is not background, and 0 for all others."""
    offset, mask, classes = targets_of(submission, anchors, labels)
    close(mask, (classes > 0).to(F32).repeat_interleave(4, dim=1), what="bbox_mask")
    expect((offset[mask == 0] == 0).all(), "must be 0 wherever bbox_mask is 0", got=offset, what="bbox_offset")
    enough = (mask.sum(dim=1) >= 4 * labels.shape[1]).all()
    expect(enough, "must mark at least one anchor for each object of an image", got=mask, what="bbox_mask")


@check("multibox_target", points=1)
@given(anchors=target_anchors, labels=target_labels)
def test_multibox_target_treats_each_image_on_its_own(submission, anchors, labels):
    """An image has the same targets alone as in a batch."""
    batch = targets_of(submission, anchors, labels)
    for i in range(len(labels)):
        alone = targets_of(submission, anchors, labels[i : i + 1])
        for name, together, single in zip(("bbox_offset", "bbox_mask", "class_labels"), batch, alone, strict=True):
            close(single[0], together[i], what=f"{name} of image {i} alone")


@check("multibox_target", points=1)
@given(anchors=target_anchors, labels=target_labels)
@few
def test_multibox_target_leaves_its_arguments_alone(submission, reference, anchors, labels):
    """Anchors and labels are the same after a call as before, and the next call is as right as the first."""
    first, second = {"anchors": anchors, "labels": labels}, {"anchors": anchors.flip(1), "labels": labels.flip(0)}
    calls_stand_alone(submission, reference, "multibox_target", first, second)


# offset_inverse


@st.composite
def predictions(draw, dtype=FLOATS):
    """(anchors (n, 4), offset_preds (n, 4))."""
    count = draw(st.integers(1, 4))
    generator = torch.Generator().manual_seed(draw(seeds))
    chosen, strided = draw(dtype), draw(st.booleans())
    offsets = torch.randint(-40, 41, (count, 4), generator=generator) / draw(st.sampled_from([8, 1]))
    return tuple(laid_out(t.to(chosen), strided) for t in (scattered_boxes(count, generator), offsets))


prediction_anchors, prediction_offsets = parts_of(st.shared(predictions(), key="prediction"), 2)
prediction_anchors64, prediction_offsets64 = parts_of(st.shared(predictions(st.just(F64)), key="prediction 64"), 2)


@check("offset_inverse", points=2)
@given(anchors=prediction_anchors, offset_preds=prediction_offsets)
def test_offset_inverse_matches_its_definition(submission, reference, anchors, offset_preds):
    """Each anchor is shifted and stretched by its predicted offset, and comes back as corners."""
    args = (anchors, offset_preds)
    what = "offset_inverse(anchors, offset_preds)"
    close(submission.offset_inverse(*args), reference.offset_inverse(*args), what=what, boxes=True)


@check("offset_inverse", points=1)
@given(anchors=pair_anchors64, move=MOVES)
def test_offset_inverse_of_known_moves(submission, anchors, move):
    """Zero offsets give the anchors back, 10 shifts by one width or height, and 5 log 2 doubles a side."""
    offset_preds = torch.zeros_like(anchors)
    close(submission.offset_inverse(anchors, offset_preds), anchors, what="offset_inverse(anchors, zeros)", boxes=True)
    offset_preds = move_as_offset(move, len(anchors))
    got = submission.offset_inverse(anchors, offset_preds)
    close(got, moved(anchors, move), what="offset_inverse(anchors, offset_preds)", boxes=True)


@check("offset_inverse", points=1)
@given(anchors=prediction_anchors64, offset_preds=prediction_offsets64)
def test_offset_inverse_gradient(submission, reference, anchors, offset_preds):
    """Gradients flow from the boxes to the anchors and to the predicted offsets."""
    mine, right = (each.offset_inverse.vjp(anchors, offset_preds) for each in (submission, reference))
    close(mine.output, right.output, what="offset_inverse(anchors, offset_preds)")
    close(mine.inputs[0], right.inputs[0], what="the gradient of the boxes with respect to anchors")
    close(mine.inputs[1], right.inputs[1], what="the gradient of the boxes with respect to offset_preds")


@check("offset_inverse", points=1)
@given(anchors=prediction_anchors, offset_preds=prediction_offsets)
@few
def test_offset_inverse_leaves_its_arguments_alone(submission, reference, anchors, offset_preds):
    """Anchors and predicted offsets are the same after a call as before, and the next call is as right as the first."""
    first = {"anchors": anchors, "offset_preds": offset_preds}
    calls_stand_alone(submission, reference, "offset_inverse", first, first | {"offset_preds": offset_preds.flip(0)})


# nms


@st.composite
def crowds(draw, dtype=FLOATS, thresholds=(0.3, 0.5, 0.7)):
    """(boxes (n, 4), scores (n,)): no IoU near a threshold, and scores of either sign that all differ."""
    count = draw(st.one_of(st.integers(1, 4), st.integers(5, 9)))
    generator = torch.Generator().manual_seed(draw(seeds))
    crowd = draw(st.sampled_from([central_boxes, scattered_boxes]))
    while True:
        boxes = crowd(count, generator)
        if all(bool(((ops.box_iou(boxes, boxes) - t).abs() > 1e-3).all()) for t in thresholds):
            break
    chosen, strided = draw(dtype), draw(st.booleans())
    ranks = torch.randperm(count, generator=generator).to(chosen) - count // 2
    scores = draw(st.sampled_from([ranks / 8, ranks * 1000, 1 + ranks * 4 * torch.finfo(chosen).eps]))
    return laid_out(boxes.to(chosen), strided), scores.repeat_interleave(2)[::2] if strided else scores


crowd_boxes, crowd_scores = parts_of(st.shared(crowds(), key="crowd"), 2)
KEPT = "nms(boxes, scores, iou_threshold)"


@check("nms", points=3)
@given(boxes=crowd_boxes, scores=crowd_scores, iou_threshold=st.sampled_from([0.3, 0.5, 0.7]))
def test_nms_keeps_the_best_of_each_crowd(submission, reference, boxes, scores, iou_threshold):
    """It keeps the right boxes and lists their indices with the highest score first."""
    args = (boxes, scores, iou_threshold)
    close(submission.nms(*args), reference.nms(*args), what=KEPT)


@check("nms", points=1)
@given(boxes=crowd_boxes, scores=crowd_scores, iou_threshold=st.sampled_from([0.3, 0.5, 0.7]))
def test_nms_removes_a_box_only_for_a_better_one(submission, boxes, scores, iou_threshold):
    """Kept boxes overlap each other no more than the threshold; each removed box overlaps a better kept one by more."""
    kept = tensor_of(submission.nms(boxes, scores, iou_threshold), shape=(None,), dtype=torch.int64, what=KEPT)
    valid = len(kept) > 0 and bool(((kept >= 0) & (kept < len(boxes))).all()) and len(kept.unique()) == len(kept)
    expect(valid, "must hold indices of boxes, each at most once", got=kept, what=KEPT)
    over = ops.box_iou(boxes, boxes) > iou_threshold
    over.fill_diagonal_(False)
    expect(
        not over[kept][:, kept].any(), "holds two boxes that overlap by more than iou_threshold", got=kept, what=KEPT
    )
    removed = torch.ones(len(boxes), dtype=torch.bool).index_fill(0, kept, False)
    better = over[:, kept] & (scores[kept] > scores[:, None])
    justified = better.any(dim=1)[removed].all()
    expect(justified, "misses a box that no better kept box overlaps by more than iou_threshold", got=kept, what=KEPT)


def scored(rows, key):
    """The rows (score, box) in any order, as two strategies: boxes and scores."""
    table = st.shared(shuffled(rows), key=key)
    return table.map(lambda t: t[:, 1:].contiguous()), table.map(lambda t: t[:, 0].contiguous())


chain_boxes, chain_scores = scored([[0.875, 0, 0, 4, 1], [0.75, 1, 0, 5, 1], [0.5, 2, 0, 6, 1]], "chain")
halves = [[0.875, *WHOLE], [0.25, 0, 0, 1, 0.25], [0.5, 0, 0.5, 1, 1], [0.125, 2, 2, 3, 3]]
half_boxes, half_scores = scored(halves, "halves")


@check("nms", points=1)
@given(boxes=chain_boxes, scores=chain_scores)
def test_nms_lets_removed_boxes_remove_nothing(submission, boxes, scores):
    """In a chain of three boxes, the best removes the second, and the third, which overlaps only the second, stays."""
    best, _, third = scores.argsort(descending=True)
    close(submission.nms(boxes, scores, 0.5), torch.stack([best, third]), what="nms(boxes, scores, 0.5)")


@check("nms", points=1)
@given(boxes=half_boxes, scores=half_scores, iou_threshold=st.sampled_from([0.0, 1.0]))
def test_nms_keeps_boxes_at_the_threshold(submission, boxes, scores, iou_threshold):
    """A box whose IoU with a better one is exactly iou_threshold stays, and with iou_threshold 1 every box."""
    ranked = scores.argsort(descending=True)
    close(submission.nms(boxes, scores, 0.5), ranked, what="nms(boxes, scores, 0.5)")
    close(submission.nms(boxes, scores, 0.25), ranked[[0, 2, 3]], what="nms(boxes, scores, 0.25)")
    right = ranked if iou_threshold == 1 else ranked[[0, 3]]
    close(submission.nms(boxes, scores, iou_threshold), right, what=f"nms(boxes, scores, {iou_threshold:.0f})")


@check("nms", points=1)
@given(boxes=crowd_boxes, scores=crowd_scores, iou_threshold=st.sampled_from([0.3, 0.5, 0.7]))
@few
def test_nms_leaves_its_arguments_alone(submission, reference, boxes, scores, iou_threshold):
    """Boxes and scores are the same after a call as before, and the next call is as right as the first."""
    first = {"boxes": boxes, "scores": scores, "iou_threshold": iou_threshold}
    calls_stand_alone(submission, reference, "nms", first, first | {"scores": scores.flip(0)})


# multibox_detection


def drawn_probabilities(classes, count, generator):
    """(classes + 1, count) in 128ths: columns sum to 1, and the largest of rows 1 on is different in each column."""
    best = torch.randperm(120, generator=generator)[:count] + 1
    probabilities = torch.zeros(classes + 1, count, dtype=torch.int64)
    for anchor, top in enumerate(best.tolist()):
        limit = min(top, (128 - top) // classes + 1)
        shares = torch.randint(0, limit, (classes,), generator=generator)
        shares[int(torch.randint(0, classes, (), generator=generator))] = top
        probabilities[1:, anchor] = shares
    probabilities[0] = 128 - probabilities.sum(dim=0)
    return probabilities.to(F64) / 128


NMS_THRESHOLDS = (0.3, 0.5, 0.7)


@st.composite
def outputs(draw):
    """(cls_probs (b, c + 1, n), offset_preds (b, 4n), anchors (1, n, 4))."""
    images, classes, count = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 6))
    generator = torch.Generator().manual_seed(draw(seeds))
    anchors, offsets = central_boxes(count, generator), []
    while len(offsets) < images:
        shifts = torch.randint(-8, 9, (count, 4), generator=generator).to(F64) / 8
        x, y, w, h = ops.box_convert(anchors, "xyxy", "cxcywh").unbind(1)
        sides = w * (shifts[:, 2] / 5).exp(), h * (shifts[:, 3] / 5).exp()
        centres = x + shifts[:, 0] * w / 10, y + shifts[:, 1] * h / 10
        boxes = ops.box_convert(torch.stack([*centres, *sides], dim=1), "cxcywh", "xyxy")
        if all(bool(((ops.box_iou(boxes, boxes) - t).abs() > 1e-3).all()) for t in NMS_THRESHOLDS):
            offsets.append(shifts.flatten())
    probabilities = [drawn_probabilities(classes, count, generator) for _ in range(images)]
    chosen, strided = draw(FLOATS), draw(st.booleans())
    three = torch.stack(probabilities), torch.stack(offsets), anchors[None]
    return tuple(laid_out(each.to(chosen), strided) for each in three)


output_probs, output_offsets, output_anchors = parts_of(st.shared(outputs(), key="outputs"), 3)
DETECTED = "multibox_detection(cls_probs, offset_preds, anchors, ...)"


@check("multibox_detection", points=3)
@given(
    cls_probs=output_probs,
    offset_preds=output_offsets,
    anchors=output_anchors,
    nms_threshold=st.sampled_from(NMS_THRESHOLDS),
    pos_threshold=st.sampled_from([0.0, 0.20, 0.6]),
)
def test_multibox_detection_lists_every_anchor(
    submission, reference, cls_probs, offset_preds, anchors, nms_threshold, pos_threshold
):
    """Each row holds the class, the confidence and the box of an anchor, kept anchors first."""
    args = (cls_probs, offset_preds, anchors, nms_threshold, pos_threshold)
    close(submission.multibox_detection(*args), reference.multibox_detection(*args), what=DETECTED, boxes=True)


@st.composite
def probabilities_of_one_image(draw):
    """(1, c + 1, n), float64."""
    classes, count = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    return drawn_probabilities(classes, count, torch.Generator().manual_seed(draw(seeds)))[None]


def apart_anchors(count):
    """(1, count, 4): anchors side by side that do not touch."""
    left = 2.0 * torch.arange(count, dtype=F64)
    zero = torch.zeros(count, dtype=F64)
    return torch.stack([left, zero, left + 1, zero + 1], dim=1)[None]


@check("multibox_detection", points=2)
@given(cls_probs=probabilities_of_one_image())
def test_multibox_detection_leaves_the_background_out(submission, cls_probs):
    """Confidence and class come from the rows after the background, and class 0 is the first of them."""
    count = cls_probs.shape[2]
    anchors, offset_preds = apart_anchors(count), torch.zeros(1, 4 * count, dtype=F64)
    got = submission.multibox_detection(cls_probs, offset_preds, anchors, pos_threshold=0)
    rows = tensor_of(got, shape=(1, count, 6), dtype=F64, what=DETECTED)[0]
    confidence, kind = cls_probs[0, 1:].max(dim=0)
    order = confidence.argsort(descending=True)
    what = "of the detections of anchors that do not overlap, with pos_threshold=0,"
    close(rows[:, 0], kind[order].to(F64), what=f"column 0 (class) {what}")
    close(rows[:, 1], confidence[order], what=f"column 1 (confidence) {what}")
    close(rows[:, 2:], anchors[0, order], what=f"columns 2 to 5 (box) {what}", boxes=True)


def of_one_class(confidence):
    """(1, 2, n): probabilities of background and one class."""
    return torch.stack([1 - confidence, confidence])[None]


@check("multibox_detection", points=1)
@given(cls_probs=shuffled([0.5, 0.25, 0.125]).map(of_one_class))
def test_multibox_detection_inverts_low_confidences(submission, cls_probs):
    """A confidence p below pos_threshold becomes 1 - p with class -1, in its old place; p at pos_threshold stays."""
    anchors, offset_preds = apart_anchors(3), torch.zeros(1, 12, dtype=F64)
    got = submission.multibox_detection(cls_probs, offset_preds, anchors, pos_threshold=0.25)
    rows = tensor_of(got, shape=(1, 3, 6), dtype=F64, what=DETECTED)[0]
    right = torch.tensor([[0, 0.5], [0, 0.25], [-1, 0.875]], dtype=F64)
    close(rows[:, :2], right, what="class and confidence of anchors that do not overlap, with pos_threshold=0.25,")


default_boxes, default_confidence = scored(
    [[0.75, *WHOLE], [0.5, 0, 0, 1, 0.5625], [0.0099999995, 0, 0, 1, 0.4375], [0.009999998, 2, 0, 3, 1]], "defaults"
)


@check("multibox_detection", points=1)
@given(cls_probs=default_confidence.map(of_one_class), anchors=default_boxes.map(lambda boxes: boxes[None]))
def test_multibox_detection_defaults(submission, cls_probs, anchors):
    """Unless given, nms_threshold is 0.5 and pos_threshold 0.009999999, and removed boxes keep their confidence."""
    offset_preds = torch.zeros(1, 16, dtype=F64)
    got = submission.multibox_detection(cls_probs, offset_preds, anchors)
    what = "multibox_detection(cls_probs, zeros, anchors)"
    rows = tensor_of(got, shape=(1, 4, 6), dtype=F64, what=what)[0]
    right = torch.tensor([[0, 0.75], [0, 0.0099999995], [-1, 1 - 0.009999998], [-1, 0.5]], dtype=F64)
    close(rows[:, :2], right, what=f"class and confidence of {what}")


@check("multibox_detection", points=1)
@given(cls_probs=output_probs, offset_preds=output_offsets, anchors=output_anchors)
@few
def test_multibox_detection_leaves_its_arguments_alone(submission, reference, cls_probs, offset_preds, anchors):
    """Outputs and anchors are the same after a call as before, and the next call is as right as the first."""
    first = {"cls_probs": cls_probs, "offset_preds": offset_preds, "anchors": anchors}
    calls_stand_alone(submission, reference, "multibox_detection", first, first | {"cls_probs": cls_probs.flip(2)})
