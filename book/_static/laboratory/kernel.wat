;; The product of two matrices, C = A·B, in float32: nine tenths of a training step.
;;
;; A has m rows and k columns, B has k rows and n columns. Each matrix comes with the distance in
;; bytes from one row to the next and from one column to the next, so that a transposed matrix is
;; the same memory with the two distances exchanged. C's columns lie side by side.
;;
;; The work goes by tiles of C, four rows by eight columns: their 32 sums stay in eight vector
;; registers of four numbers each while k is counted through. For that, eight columns of B are
;; copied side by side first ("packed"), and then serve all rows of A. Where C ends within a tile,
;; the tile is put down in the scratch memory, and what belongs to C is copied from there.
;;
;; `python -m tools.laboratory_kernel` turns this file into kernel.js.
(module
  (memory (export "memory") 1)

  ;; Copy `width` columns of B, at most eight, to `to`: k rows of eight, those missing filled with 0.
  (func $pack (param $b i32) (param $bRow i32) (param $bColumn i32)
              (param $k i32) (param $width i32) (param $to i32)
    (local $column i32) (local $from i32)
    (loop $row
      (if (i32.and (i32.eq (local.get $bColumn) (i32.const 4)) (i32.eq (local.get $width) (i32.const 8)))
        (then ;; eight neighbours: two vectors
          (v128.store (local.get $to) (v128.load (local.get $b)))
          (v128.store offset=16 (local.get $to) (v128.load offset=16 (local.get $b))))
        (else
          (v128.store (local.get $to) (v128.const i32x4 0 0 0 0))
          (v128.store offset=16 (local.get $to) (v128.const i32x4 0 0 0 0))
          (local.set $column (i32.const 0))
          (local.set $from (local.get $b))
          (loop $next
            (f32.store (i32.add (local.get $to) (i32.shl (local.get $column) (i32.const 2)))
                       (f32.load (local.get $from)))
            (local.set $from (i32.add (local.get $from) (local.get $bColumn)))
            (local.set $column (i32.add (local.get $column) (i32.const 1)))
            (br_if $next (i32.lt_s (local.get $column) (local.get $width))))))
      (local.set $b (i32.add (local.get $b) (local.get $bRow)))
      (local.set $to (i32.add (local.get $to) (i32.const 32)))
      (local.set $k (i32.sub (local.get $k) (i32.const 1)))
      (br_if $row (local.get $k))))

  ;; Copy a part of a tile, `height` rows by `width` columns, to C.
  (func $copy (param $tile i32) (param $c i32) (param $cRow i32)
              (param $height i32) (param $width i32)
    (local $column i32) (local $byte i32)
    (loop $row
      (local.set $column (i32.const 0))
      (loop $next
        (local.set $byte (i32.shl (local.get $column) (i32.const 2)))
        (f32.store (i32.add (local.get $c) (local.get $byte))
                   (f32.load (i32.add (local.get $tile) (local.get $byte))))
        (local.set $column (i32.add (local.get $column) (i32.const 1)))
        (br_if $next (i32.lt_s (local.get $column) (local.get $width))))
      (local.set $tile (i32.add (local.get $tile) (i32.const 32)))
      (local.set $c (i32.add (local.get $c) (local.get $cRow)))
      (local.set $height (i32.sub (local.get $height) (i32.const 1)))
      (br_if $row (local.get $height))))

  ;; m, n and k are at least 1. The scratch memory has room for 8·k + 32 numbers.
  (func (export "multiply") (param $m i32) (param $n i32) (param $k i32)
      (param $a i32) (param $aRow i32) (param $aColumn i32)
      (param $b i32) (param $bRow i32) (param $bColumn i32)
      (param $c i32) (param $cRow i32) (param $scratch i32)
    (local $row i32) (local $column i32) (local $height i32) (local $width i32)
    (local $tile i32) (local $packed i32) (local $count i32) (local $to i32)
    (local $a0 i32) (local $a1 i32) (local $a2 i32) (local $a3 i32) ;; four rows of A
    (local $left v128) (local $right v128) (local $x v128)          ;; a row of the packed B
    (local $l0 v128) (local $l1 v128) (local $l2 v128) (local $l3 v128) ;; columns 0 to 3 of the tile
    (local $r0 v128) (local $r1 v128) (local $r2 v128) (local $r3 v128) ;; columns 4 to 7
    (local.set $tile (i32.add (local.get $scratch) (i32.shl (local.get $k) (i32.const 5))))
    (loop $columns
      (local.set $width (i32.sub (local.get $n) (local.get $column)))
      (if (i32.gt_s (local.get $width) (i32.const 8)) (then (local.set $width (i32.const 8))))
      (call $pack
        (i32.add (local.get $b) (i32.mul (local.get $column) (local.get $bColumn)))
        (local.get $bRow) (local.get $bColumn) (local.get $k) (local.get $width) (local.get $scratch))
      (local.set $row (i32.const 0))
      (loop $rows
        (local.set $height (i32.sub (local.get $m) (local.get $row)))
        (if (i32.gt_s (local.get $height) (i32.const 4)) (then (local.set $height (i32.const 4))))
        ;; Beyond A's last row, that row is read again, and what comes of it is dropped.
        (local.set $a0 (i32.add (local.get $a) (i32.mul (local.get $row) (local.get $aRow))))
        (local.set $a1 (i32.add (local.get $a0)
          (select (local.get $aRow) (i32.const 0) (i32.gt_s (local.get $height) (i32.const 1)))))
        (local.set $a2 (i32.add (local.get $a1)
          (select (local.get $aRow) (i32.const 0) (i32.gt_s (local.get $height) (i32.const 2)))))
        (local.set $a3 (i32.add (local.get $a2)
          (select (local.get $aRow) (i32.const 0) (i32.gt_s (local.get $height) (i32.const 3)))))
        (local.set $l0 (v128.const i32x4 0 0 0 0)) (local.set $r0 (v128.const i32x4 0 0 0 0))
        (local.set $l1 (v128.const i32x4 0 0 0 0)) (local.set $r1 (v128.const i32x4 0 0 0 0))
        (local.set $l2 (v128.const i32x4 0 0 0 0)) (local.set $r2 (v128.const i32x4 0 0 0 0))
        (local.set $l3 (v128.const i32x4 0 0 0 0)) (local.set $r3 (v128.const i32x4 0 0 0 0))
        (local.set $packed (local.get $scratch))
        (local.set $count (local.get $k))
        (loop $sum
          (local.set $left (v128.load (local.get $packed)))
          (local.set $right (v128.load offset=16 (local.get $packed)))
          (local.set $packed (i32.add (local.get $packed) (i32.const 32)))
          (local.set $x (v128.load32_splat (local.get $a0)))
          (local.set $a0 (i32.add (local.get $a0) (local.get $aColumn)))
          (local.set $l0 (f32x4.add (local.get $l0) (f32x4.mul (local.get $x) (local.get $left))))
          (local.set $r0 (f32x4.add (local.get $r0) (f32x4.mul (local.get $x) (local.get $right))))
          (local.set $x (v128.load32_splat (local.get $a1)))
          (local.set $a1 (i32.add (local.get $a1) (local.get $aColumn)))
          (local.set $l1 (f32x4.add (local.get $l1) (f32x4.mul (local.get $x) (local.get $left))))
          (local.set $r1 (f32x4.add (local.get $r1) (f32x4.mul (local.get $x) (local.get $right))))
          (local.set $x (v128.load32_splat (local.get $a2)))
          (local.set $a2 (i32.add (local.get $a2) (local.get $aColumn)))
          (local.set $l2 (f32x4.add (local.get $l2) (f32x4.mul (local.get $x) (local.get $left))))
          (local.set $r2 (f32x4.add (local.get $r2) (f32x4.mul (local.get $x) (local.get $right))))
          (local.set $x (v128.load32_splat (local.get $a3)))
          (local.set $a3 (i32.add (local.get $a3) (local.get $aColumn)))
          (local.set $l3 (f32x4.add (local.get $l3) (f32x4.mul (local.get $x) (local.get $left))))
          (local.set $r3 (f32x4.add (local.get $r3) (f32x4.mul (local.get $x) (local.get $right))))
          (br_if $sum (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
        (local.set $to (i32.add (local.get $c)
          (i32.add (i32.mul (local.get $row) (local.get $cRow)) (i32.shl (local.get $column) (i32.const 2)))))
        (if (i32.and (i32.eq (local.get $width) (i32.const 8)) (i32.eq (local.get $height) (i32.const 4)))
          (then ;; a whole tile goes straight to C
            (v128.store (local.get $to) (local.get $l0)) (v128.store offset=16 (local.get $to) (local.get $r0))
            (local.set $to (i32.add (local.get $to) (local.get $cRow)))
            (v128.store (local.get $to) (local.get $l1)) (v128.store offset=16 (local.get $to) (local.get $r1))
            (local.set $to (i32.add (local.get $to) (local.get $cRow)))
            (v128.store (local.get $to) (local.get $l2)) (v128.store offset=16 (local.get $to) (local.get $r2))
            (local.set $to (i32.add (local.get $to) (local.get $cRow)))
            (v128.store (local.get $to) (local.get $l3)) (v128.store offset=16 (local.get $to) (local.get $r3)))
          (else
            (v128.store (local.get $tile) (local.get $l0)) (v128.store offset=16 (local.get $tile) (local.get $r0))
            (v128.store offset=32 (local.get $tile) (local.get $l1)) (v128.store offset=48 (local.get $tile) (local.get $r1))
            (v128.store offset=64 (local.get $tile) (local.get $l2)) (v128.store offset=80 (local.get $tile) (local.get $r2))
            (v128.store offset=96 (local.get $tile) (local.get $l3)) (v128.store offset=112 (local.get $tile) (local.get $r3))
            (call $copy (local.get $tile) (local.get $to) (local.get $cRow)
                        (local.get $height) (local.get $width))))
        (local.set $row (i32.add (local.get $row) (i32.const 4)))
        (br_if $rows (i32.lt_s (local.get $row) (local.get $m))))
      (local.set $column (i32.add (local.get $column) (i32.const 8)))
      (br_if $columns (i32.lt_s (local.get $column) (local.get $n))))))
