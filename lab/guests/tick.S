# tick: a machine of one sector, in real mode. It has no network and needs no memory to speak of.
#
# About once a second it writes sector 1 of its own disk and a dot to the serial port; the power button turns it off at
# once. The sector, all numbers little-endian:
#
#	0	"TICK"
#	4	u32	how often this disk was booted
#	8	u32	ticks since this boot
#	12	u32	ticks since the disk was made
#
# So from outside: the same number of boots means it was never restarted, more ticks mean that it lives, and fewer
# ticks after a rollback mean that the old bytes are back.

	.code16
	.globl	_start

	.equ	sector,	0x8000		# the copy of sector 1 in memory
	.equ	magic,	0x4b434954	# "TICK"
	.equ	com1,	0x3f8
	# The power management of QEMU's machine "pc", where SeaBIOS puts it.
	.equ	pm_status, 0x600
	.equ	pm_enable, 0x602
	.equ	pm_control, 0x604
	.equ	power_button, 0x100
	.equ	soft_off, 0x2000

_start:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	movb	%dl, drive		# the BIOS says from where it booted
	sti

	# The port needs no set-up in QEMU; only the button has to be asked for.
	movw	$pm_enable, %dx
	movw	$power_button, %ax
	outw	%ax, %dx

	movb	$0x42, %ah		# read
	call	disk
	cmpl	$magic, sector
	je	known
	movl	$magic, sector
	movl	$0, sector+4
	movl	$0, sector+12
known:	incl	sector+4
	movl	$0, sector+8
	movb	$'B', %al
	call	say

tick:	movb	$0x43, %ah		# write
	call	disk
	movb	$'.', %al
	jnc	written
	movb	$'!', %al
written:
	call	say
	movw	$18, %cx		# the BIOS's timer wakes us 18.2 times a second
nap:	movw	$pm_status, %dx
	inw	%dx, %ax
	testw	$power_button, %ax
	jnz	off
	hlt
	loop	nap
	incl	sector+8
	incl	sector+12
	jmp	tick

off:	movb	$'O', %al
	call	say
	movw	$pm_control, %dx
	movw	$soft_off, %ax
	outw	%ax, %dx
	hlt
	jmp	off

# al: a character for the serial port. Keeps the flags.
say:	movw	$com1, %dx
	outb	%al, %dx
	ret

# ah: the BIOS's function. Carry: it failed.
disk:	movb	drive, %dl
	movw	$packet, %si
	xorb	%al, %al
	int	$0x13
	ret

drive:	.byte	0
	.balign	2
packet:	.byte	16, 0
	.word	1			# one sector
	.word	sector, 0		# offset, segment
	.quad	1			# its number

	.org	510
	.word	0xaa55
